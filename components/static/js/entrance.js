// Signing in and up: what is wrong is told while typing, and how strong a password is.
(() => {
  const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/;
  const SHORTEST = 8;
  const COMMON = /^(?:pass(?:word|wort)?|qwert[yz]\w*|letmein|welcome|admin|abc\w*|iloveyou)?[\d!.?]*$/i;
  const WORDS = ["", "Weak", "Fair", "Good", "Strong"];

  const emailProblem = (typed) => {
    if (!typed) return "Give your e-mail address.";
    return EMAIL.test(typed) ? "" : "This is not a whole e-mail address, like ada@example.org.";
  };
  const passwordProblem = (typed, isNew, email) => {
    if (!typed) return "Give your password.";
    if (!isNew) return "";
    if ([...typed].length < SHORTEST) return `At least ${SHORTEST} characters; ${SHORTEST - [...typed].length} more to go.`;
    if (email && typed.toLowerCase() === email.toLowerCase()) return "Choose something else than your e-mail address.";
    return "";
  };
  // Length counts most; the server has the last word on what is too common.
  const strength = (typed, email) => {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^\w]|_/].filter((kind) => kind.test(typed)).length;
    const variety = new Set(typed.toLowerCase()).size;
    const name = (email.split("@")[0] || "").toLowerCase();
    const isGuessable = COMMON.test(typed) || variety < 5 || (name.length > 3 && typed.toLowerCase().includes(name));
    if (!typed) return 0;
    if (typed.length < SHORTEST || isGuessable) return 1;
    const points = Math.min(typed.length, 24) + kinds * 2 + Math.min(variety, 12) / 2;
    return points < 17 ? 2 : points < 23 ? 3 : 4;
  };

  const show = (field, problem) => {
    const note = document.getElementById(`${field.id}-note`);
    if (!note) return;
    note.dataset.cxHint ??= note.className.includes("cx-error") ? "" : note.textContent;
    note.textContent = problem || note.dataset.cxHint;
    note.className = problem ? "cx-error" : "cx-hint";
    if (problem) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  const fields = (form) => ({ email: form.querySelector("#cx-email"), password: form.querySelector("#cx-password") });
  const problemOf = (field, form) => {
    const { email, password } = fields(form);
    if (field === email) return emailProblem(email.value.trim());
    return passwordProblem(password.value, password.autocomplete === "new-password", email.value.trim());
  };
  const rate = (form) => {
    const meter = form.querySelector(".cx-strength");
    if (!meter) return;
    const { email, password } = fields(form);
    const level = strength(password.value, email.value.trim());
    meter.dataset.cxLevel = level;
    meter.querySelector(".cx-strength-words").textContent = WORDS[level];
  };
  const formOf = (event) => event.target.closest?.('form[action^="/auth/"]');

  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (!form || !event.target.matches(".cx-input")) return;
    rate(form);
    // A first try is left in peace; what was wrong once is right as soon as it is.
    if (event.target.dataset.cxLeft || event.target.getAttribute("aria-invalid")) show(event.target, problemOf(event.target, form));
  });
  document.addEventListener("focusout", (event) => {
    const form = formOf(event);
    if (!form || !event.target.matches(".cx-input") || !event.target.value) return;
    event.target.dataset.cxLeft = "true";
    show(event.target, problemOf(event.target, form));
  });
  // Before the listener that marks the form as sent: a refused one is not.
  document.addEventListener("submit", (event) => {
    const form = formOf(event);
    if (!form?.querySelector("#cx-email")) return;
    const wrong = Object.values(fields(form)).filter((field) => {
      const problem = problemOf(field, form);
      show(field, problem);
      return problem;
    });
    if (!wrong.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wrong[0].focus();
  }, true);
})();
