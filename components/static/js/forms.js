// Fields: what is too long for the socket, zones as people type them, files of jobs.
(() => {
  // The socket takes messages of 1 MB; a character may be three bytes. No field takes as much.
  const MOST = 300_000;
  const refuseLong = (event) => {
    const data = event.clipboardData ?? event.dataTransfer;
    if (!event.target.closest?.(".cx-page") || !data) return;
    const files = [...data.files].reduce((sum, file) => sum + file.size, 0);
    const length = Math.max(data.getData("text/plain").length, files);
    if (length <= MOST) return;
    event.preventDefault();
    event.stopPropagation();
    Quasar.Notify.create({
      message: `Not pasted: ${length.toLocaleString("en")} characters are too many for any field.`
        + " A body has at most 262,144 bytes.",
      icon: "circle-alert", position: "bottom", timeout: 8000,
    });
  };
  document.addEventListener("paste", refuseLong, true);
  document.addEventListener("drop", refuseLong, true);

  // Zones are listed as people read them, and also found as programs write them.
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.value?.includes("_") && field.closest?.(".cx-zone")) field.value = field.value.replaceAll("_", " ");
  }, true);

  // A file of jobs goes to the REST API as it is; the page is told what came of it.
  let chosen = null;
  const told = async (answer) => {
    const body = await answer.json();
    if (answer.ok) return { created: body.created, jobs: body.jobs.slice(0, 100) };
    return { errors: (body.errors ?? [{ field: "", message: body.detail ?? body.title }]).slice(0, 100) };
  };
  const send = async (file, isTrial) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": file.token };
    try {
      return await told(await fetch(`/api/import?dry_run=${isTrial}`, { method: "POST", headers, body: file.content }));
    } catch {
      return { errors: [{ field: "", message: "The file could not be sent; try again." }] };
    }
  };
  document.addEventListener("change", async (event) => {
    const field = event.target;
    if (!field.matches?.("[data-cx-import]") || !field.files.length) return;
    const [content] = field.files;
    chosen = { content, token: field.dataset.cxImport };
    field.value = ""; // so that the same file can be chosen again
    emitEvent("cx_import_chosen", content.name);
    emitEvent("cx_import_checked", await send(chosen, true));
  });
  window.cxImport = async () => {
    if (!chosen) return;
    const file = chosen;
    chosen = null;
    emitEvent("cx_imported", await send(file, false));
  };
})();
