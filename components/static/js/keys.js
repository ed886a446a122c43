// Shortcuts, the command palette, and what the tab shows of failing jobs.
(() => {
  const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
  const isReady = () => window.socket && window.did_handshake;
  // Keys pressed while the page connects are obeyed as soon as it has.
  const whenReady = (act, looks = 100) => {
    if (isReady()) act();
    else if (looks) setTimeout(() => whenReady(act, looks - 1), 50);
  };

  // --- the palette: typing goes to the server, choosing stays here
  const input = () => document.querySelector(".cx-palette-input");
  const choices = () => [...document.querySelectorAll(".cx-palette-choice")];
  const chosen = () => document.querySelector('.cx-palette-choice[aria-selected="true"]');
  const choose = (choice) => {
    chosen()?.setAttribute("aria-selected", "false");
    choice?.setAttribute("aria-selected", "true");
    choice?.scrollIntoView({ block: "nearest" });
    if (choice) input()?.setAttribute("aria-activedescendant", choice.id);
    else input()?.removeAttribute("aria-activedescendant");
  };
  const move = (step) => {
    const all = choices();
    const at = all.indexOf(chosen());
    choose(all[(at + step + all.length) % all.length]);
  };
  window.cxPaletteClose = () => {
    input()?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", keyCode: 27, bubbles: true }));
    input()?.dispatchEvent(new KeyboardEvent("keyup", { key: "Escape", keyCode: 27, bubbles: true }));
  };
  // What is typed while the palette is on its way is meant for it.
  let early = null;
  // An Enter before its answer is obeyed when that comes, not by what stood there before.
  let found = null, waiting = null;
  const obey = ({ shiftKey }) => {
    if (shiftKey && chosen()?.dataset.cxOther) location.assign(chosen().dataset.cxOther);
    else chosen()?.click();
  };
  const typeEarly = (event) => {
    if (event.key === "Escape") early = waiting = null;
    else if (event.key === "Enter") waiting = event;
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) early += event.key;
    event.preventDefault();
  };
  window.cxPaletteShown = () => {
    if (!input()) return;
    input().value = early ?? "";
    early = null;
    input().focus();
    if (input().value) input().dispatchEvent(new Event("input", { bubbles: true }));
  };
  window.cxPaletteFound = (words) => Vue.nextTick(() => {
    found = words;
    choose(choices()[0]);
    if (!waiting || early !== null || found !== input()?.value) return;
    obey(waiting);
    waiting = null;
  });
  let typing;
  window.cxPaletteTyped = (event, emit) => {
    clearTimeout(typing);
    const words = event.target.value;
    typing = setTimeout(() => emit(words), 90);
  };
  const paletteKey = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    waiting = null;
    if (event.key in steps) move(steps[event.key]);
    else if (event.key !== "Enter") return;
    else if (found === input().value) obey(event);
    else waiting = event;
    event.preventDefault();
  };

  // --- shortcuts
  const isTyping = (element) =>
    element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
  let afterG = 0;
  const press = (target) => {
    if (target.tagName === "A" || target.tagName === "BUTTON") target.click();
    else (target.querySelector("input") ?? target).focus();
  };
  const targetOf = (key) => {
    const isSecond = Date.now() - afterG < 1200;
    afterG = !isSecond && key === "g" ? Date.now() : 0;
    return document.querySelector(isSecond ? `[data-cx-go="${CSS.escape(key)}"]` : `[data-cx-key="${CSS.escape(key)}"]`);
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.classList?.contains("cx-palette-input")) return paletteKey(event);
    const isCommand = (isApple ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
    if (isCommand && event.key.toLowerCase() === "k" && document.querySelector("[data-cx-command-key]")) {
      event.preventDefault();
      if (input() || early !== null) return;
      early = "";
      setTimeout(() => { early = null; }, 5000); // the server does not answer
      whenReady(() => emitEvent("cx_palette", ""));
      return;
    }
    if (early !== null) return typeEarly(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector(".q-dialog, .q-menu")) return;
    if (event.key === "?") { event.preventDefault(); whenReady(() => emitEvent("cx_shortcuts", "")); return; }
    const target = targetOf(event.key);
    if (!target) {
      if (event.key === "n" && document.querySelector("[data-cx-command-key]")) location.assign("/jobs/new");
      return;
    }
    event.preventDefault();
    press(target);
  });
  window.cxLogOut = () => document.querySelector('form[action="/auth/logout"]')?.requestSubmit()
    ?? Object.assign(document.body.appendChild(document.createElement("form")),
                     { method: "post", action: "/auth/logout" }).submit();

  // --- the tab tells how many jobs are failing
  let title = document.title;
  window.cxFailing = (failing) => {
    if (!/^\(\d+\) /.test(document.title)) title = document.title;
    document.title = failing > 0 ? `(${failing}) ${title}` : title;
    const icon = document.querySelector('link[rel~="icon"]');
    if (icon) {
      icon.dataset.cxCalm ??= icon.href;
      icon.href = failing > 0 ? "/static/icons/favicon-failing.svg" : icon.dataset.cxCalm;
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    const failing = Number(document.documentElement.dataset.cxFailing || 0);
    if (failing) window.cxFailing(failing);
  });
  // Keys are named as they are called on the keyboard at hand.
  if (isApple) new MutationObserver((_, observer) => {
    const key = document.querySelector("[data-cx-command-key]");
    if (key) { key.textContent = `⌘ ${key.dataset.cxCommandKey}`; observer.disconnect(); }
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
