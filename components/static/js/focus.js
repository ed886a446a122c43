// The keyboard in what opens over a page: menus are walked by arrows, and focus finds its way back.
(() => {
  const isOver = (element) => element.closest?.(".q-dialog, .q-menu");
  let before = null; // what had the focus outside of all that is open
  document.addEventListener("focusin", (event) => { if (!isOver(event.target)) before = event.target; });
  const giveBack = () => {
    if (document.querySelector(".q-dialog, .q-menu") || document.activeElement !== document.body) return;
    if (before?.isConnected) before.focus({ preventScroll: true });
  };

  const items = () => [...document.querySelectorAll(".q-menu .cx-menu-item")];
  const whenOpen = (act, looks = 20) => {
    if (items().length) act();
    else if (looks) setTimeout(() => whenOpen(act, looks - 1), 25);
  };
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    if (!all.length) {
      const opens = ["Enter", " "].includes(event.key) && event.target.closest?.("[aria-haspopup='menu']");
      if (opens) whenOpen(() => items()[0]?.focus());
      return;
    }
    if (event.key in STEPS) all[(at + STEPS[event.key] + all.length + (at < 0 && event.key === "ArrowUp")) % all.length].focus();
    else if (event.key === "Home") all[0].focus();
    else if (event.key === "End") all.at(-1).focus();
    else return;
    event.preventDefault();
  });

  // What opens stands in the body, and leaves it when it is closed.
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => {
      if (changes.some((change) => change.removedNodes.length)) setTimeout(giveBack);
    }).observe(document.body, { childList: true });
  });
})();
