// Live tables, copying, and whether somebody is reading.
(() => {
  // Each template is one component for ever: in a slot of the toolkit it would be another one at
  // each update of anything on the page, and menus would close and the focus be lost.
  window.cxInstallTables = (app) => {
    const { h } = Vue;
    const made = {};
    for (const [name, template] of Object.entries(window.cxTemplates)) made[name] = { props: ["props"], template };
    app.component("cx-rows", {
      props: ["rows", "columns", "template"],
      emits: ["act", "sort", "pick", "pickall", "open", "only", "role", "access"],
      setup: (p) => () => h("div", { class: "q-table__container q-table__card q-table--flat q-table--no-wrap" },
        h("div", { class: "q-table__middle scroll" }, h("table", { class: "q-table" }, [
          h("thead", h(made.table_head, { props: { cols: p.columns } })),
          h("tbody", p.rows.map((row) => h(made[p.template], { key: row.id, props: { row } }))),
        ]))),
    });
  };

  // Assign only what changed: that row renders again, nothing else does.
  window.cxPatch = (tableId, patches) => {
    const rows = mounted_app?.elements[tableId]?.props.rows;
    if (!rows) return;
    for (const patch of patches) {
      const row = rows.find((candidate) => candidate.id === patch.id);
      if (row) Object.assign(row, patch);
    }
  };

  // Put rows on top, and drop what no longer fits; the others stay as they are.
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
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { /* plain http on another machine, or not allowed: through a field */ }
    const field = Object.assign(document.createElement("textarea"), { value: text });
    field.style.position = "fixed";
    field.style.opacity = "0";
    document.body.append(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    return isDone;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-cx-copy]");
    if (!button) return;
    const words = button.querySelector("span");
    words.ariaLive = "polite";
    if (!await copy(button.dataset.cxCopy)) { // nothing can: select it, for Ctrl+C
      const shown = button.parentElement.querySelector(".cx-copied");
      if (shown) getSelection().selectAllChildren(shown);
      return;
    }
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
