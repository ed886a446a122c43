// What runs in the browser: icons, theme, unsaved changes, what is lost and found again.
(() => {
  const STROKE = "@@fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round";
  // Quasar asks for its own icons under these names.
  const QUASAR_NAMES = {
    arrow_drop_down: "chevron-down", arrow_drop_up: "chevron-up", arrow_upward: "arrow-up",
    arrow_downward: "arrow-down", chevron_left: "chevron-left", chevron_right: "chevron-right",
    cancel: "circle-x", clear: "x", close: "x", check: "check", done: "check", error: "circle-alert",
    warning: "triangle-alert", info: "info", expand_more: "chevron-down", refresh: "refresh-cw",
    keyboard_arrow_down: "chevron-down", keyboard_arrow_up: "chevron-up",
  };
  const iconOf = (name) => {
    const paths = window.cxIconPaths?.[QUASAR_NAMES[name] ?? name];
    if (!paths) return undefined;
    // Quasar takes text for a path only if it begins with a capital M.
    const drawn = paths.map((path) => (path[0] === "m" ? `M0 0${path}` : path) + STROKE);
    return { icon: `${drawn.join("&&")}|0 0 24 24` };
  };

  window.cxInstall = (app) => {
    app.config.globalProperties.$q.iconMapFn = iconOf;
    window.cxInstallClock(app);
    window.cxInstallTables(app);
  };

  window.cxTheme = (theme) => {
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `cx_theme=${theme};path=/;max-age=31536000;samesite=lax${secure}`;
    Quasar.Dark.set(theme === "auto" ? "auto" : theme === "dark");
    document.documentElement.dataset.cxTheme = theme;
    if (window.did_handshake) emitEvent("cx_dark", Quasar.Dark.isActive);
  };
  window.cxToggleTheme = () => window.cxTheme(Quasar.Dark.isActive ? "light" : "dark");

  // As text, not as markup: names of jobs are in it.
  window.cxTellWithUndo = (words, token, timeout) => Quasar.Notify.create({
    message: words, html: false, icon: "circle-check", position: "bottom", timeout, progress: true,
    actions: [{ label: "Undo", noCaps: true, color: "white", handler: () => emitEvent("cx_undo", token) }],
  });

  // The form says when it has something to lose; leaving then asks first.
  let unsaved = false;
  window.cxUnsaved = (state) => { unsaved = state; };
  window.cxHasUnsaved = () => unsaved;
  // A page that has lost its server is loaded again by itself; its draft is kept for then.
  let isLost = false;
  window.addEventListener("beforeunload", (event) => { if (unsaved && !isLost) event.preventDefault(); });

  // What was typed outlives a reload, in this tab only, and never a fresh visit.
  const draftKey = () => `cx-draft ${location.pathname}`;
  window.cxKeepDraft = (draft) => {
    try {
      if (draft) sessionStorage.setItem(draftKey(), JSON.stringify(draft));
      else sessionStorage.removeItem(draftKey());
    } catch { /* private windows and full stores keep nothing */ }
  };
  window.cxOfferDraft = () => {
    const kept = sessionStorage.getItem(draftKey());
    const came = performance.getEntriesByType("navigation")[0]?.type;
    const wasSentAway = sessionStorage.getItem("cx-sent-away") === location.pathname;
    sessionStorage.removeItem("cx-sent-away");
    if (kept && (wasSentAway || came === "reload" || came === "back_forward")) emitEvent("cx_draft", JSON.parse(kept));
    else window.cxKeepDraft(null);
  };
  // The session has ended: nothing can be saved now, but the draft is there after the login.
  window.cxSentAway = (login) => {
    unsaved = false;
    sessionStorage.setItem("cx-sent-away", location.pathname);
    location.assign(login);
  };
  window.cxSaved = (path) => {
    unsaved = false;
    window.cxKeepDraft(null);
    location.assign(path);
  };

  // A command pasted anywhere into the editor is meant for the whole form.
  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!field.closest?.(".cx-editor") || field.tagName !== "INPUT") return;
    const words = event.clipboardData?.getData("text/plain") ?? "";
    if (!/^\s*(?:[$#>]\s+)?(?:\S*[\/\\])?(?:curl|wget)(?:\.exe)?\s/i.test(words)) return;
    event.preventDefault();
    emitEvent("cx_pasted", words);
  });

  document.addEventListener("visibilitychange", () => {
    if (window.socket && window.did_handshake) emitEvent("cx_visible", !document.hidden);
  });

  // The toolkit shows "#popup" while the server cannot be reached; what was missed is caught up.
  document.addEventListener("DOMContentLoaded", () => {
    const popup = document.getElementById("popup");
    if (!popup) return;
    popup.setAttribute("role", "status");
    new MutationObserver(() => {
      const wasLost = isLost;
      isLost = popup.ariaHidden === "false";
      document.documentElement.dataset.cxLost = String(isLost);
      if (wasLost && !isLost && window.did_handshake) emitEvent("cx_visible", !document.hidden);
    }).observe(popup, { attributes: true, attributeFilter: ["aria-hidden"] });
  });

  document.addEventListener("click", (event) => {
    const peek = event.target.closest("[data-cx-peek]");
    if (!peek) return;
    const input = document.getElementById(peek.dataset.cxPeek);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    peek.setAttribute("aria-pressed", String(!shown));
    peek.textContent = shown ? "Show" : "Hide";
    input.focus();
  });

  // A form is sent once, and tells which zone its reader lives in.
  document.addEventListener("submit", (event) => {
    const button = event.target.querySelector("button[type=submit][data-cx-busy]");
    if (!button) return;
    const zone = event.target.querySelector("input[name=timezone]");
    if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    if (button.disabled) { event.preventDefault(); return; }
    setTimeout(() => { button.disabled = true; button.textContent = button.dataset.cxBusy; });
  });
  // The way back shows the page as it was left, its button disabled.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
