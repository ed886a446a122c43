// Where the page is, as the address bar tells it. The way back closes what is open over a page.
(() => {
  const here = () => location.pathname + location.search;
  const isOfPanel = (path) => /^\/jobs\/[^/]+\/(?:runs|versions)(?:\/|\?|$)/.test(path);
  let shown = here();
  let isOver = false; // a panel is open that has an entry of its own in the history
  let afterClosing = null;

  window.cxAddress = (path) => {
    history.replaceState(history.state, "", path);
    shown = here();
  };
  window.cxOver = (path) => {
    // A page that came with its panel open has nothing of its own below it.
    if (!isOver && !isOfPanel(shown)) {
      history.pushState(null, "", path);
      isOver = true;
      shown = here();
    } else window.cxAddress(path);
  };
  window.cxClosed = (path) => {
    if (!isOver) return window.cxAddress(path);
    isOver = false;
    afterClosing = path;
    history.back();
  };

  window.addEventListener("popstate", () => {
    if (afterClosing !== null) {
      window.cxAddress(afterClosing);
      afterClosing = null;
    } else if (here() === shown) {
      return; // only the part behind "#"
    } else if (isOver) {
      isOver = false;
      shown = here();
      document.querySelector(".cx-log [aria-label='Close']")?.click();
    } else location.reload(); // this document has never shown that address
  });
})();
