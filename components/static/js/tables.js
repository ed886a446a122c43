// New rows of a live table, copying, and whether somebody is reading.
(() => {
  // Put rows on top, and drop what no longer fits; the slots of the others stay as they are.
  window.cxPrepend = (tableId, rows, most) => {
    const props = mounted_app?.elements[tableId]?.props;
    if (!props?.rows) return;
    props.rows.unshift(...rows);
    if (props.rows.length > most) props.rows.splice(most);
  };

  // The box in the head of a table: checked, unchecked, or in between.
  window.cxPicked = (tableId, state) => {
    const head = getElement(tableId)?.$el?.querySelector("th input[type=checkbox]");
    if (head) Object.assign(head, { checked: state === "all", indeterminate: state === "some" });
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
