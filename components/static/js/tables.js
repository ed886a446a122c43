// New rows of a live table, copying, and whether somebody is reading.
(() => {
  // Put rows on top, and drop what no longer fits; the slots of the others stay as they are.
  window.cxPrepend = (tableId, rows, most) => {
    const props = mounted_app?.elements[tableId]?.props;
    if (!props?.rows) return;
    props.rows.unshift(...rows);
    if (props.rows.length > most) props.rows.splice(most);
  };

  // What the head of a column tells, e.g. that some of the rows are picked.
  window.cxMark = (tableId, name, mark) => {
    const columns = mounted_app?.elements[tableId]?.props.columns;
    const column = columns?.find((one) => one.name === name);
    if (column) column.mark = mark;
  };

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Plain http on another machine than this one: no clipboard but through a field.
    const field = Object.assign(document.createElement("textarea"), { value: text });
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-cx-copy]");
    if (!button) return;
    await copy(button.dataset.cxCopy);
    const words = button.querySelector("span");
    const before = words.textContent;
    if (before === "Copied") return;
    words.textContent = "Copied";
    setTimeout(() => { words.textContent = before; }, 1500);
  });

  // Who has scrolled down reads; nothing may jump then.
  let isReading = false;
  document.addEventListener("scroll", () => {
    const reads = window.scrollY > 160;
    if (reads === isReading || !window.did_handshake) return;
    isReading = reads;
    emitEvent("cx_reading", reads);
  }, { passive: true });
})();
