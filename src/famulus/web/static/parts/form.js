// Forms whose answer may take a moment, and may be no.
import { html, useState } from "../app/lib.js";
import { Reference } from "./reference.js";

/** `act(fields, form)` does the work, `form` being where a field may be said more than once; what it throws is shown. */
export function Form({ act, action, children, reset = false, problem = null, ...rest }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(problem);
  const onSubmit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setError(null);
    try {
      const said = new FormData(form);
      await act(Object.fromEntries(said), said);
      if (reset) form.reset();
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  return html`<form class="form" onSubmit=${onSubmit} ...${rest}>
    ${children} ${error && html`<${Problem} error=${error} />`}
    <p class="buttons"><button class="primary" disabled=${busy}>${action}</button></p>
  </form>`;
}

export function Problem({ error }) {
  const wait = error.retryAfter ? ` Please wait ${inWords(error.retryAfter)}.` : "";
  const fields = error.details?.fields ?? [];
  return html`<div class="problem" role="alert">
    ${error.message}${wait} ${fields.map(({ field, problem }) => html`<small>${inPlain(field)}: ${inPlain(problem)}</small>`)}
    <${Reference} id=${error.correlationId} />
  </div>`;
}

const inPlain = (text) => text.replace(/^(body\.|Value error, )/, "");

const inWords = (seconds) => (seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`);

let count = 0;

export function Field({ label, hint, ...input }) {
  const [id] = useState(() => `field-${(count += 1)}`);
  return html`<p class="field">
    <label for=${id}>${label}</label>
    <input id=${id} ...${input} aria-describedby=${hint && `${id}-hint`} />
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
  </p>`;
}

export function TextField({ label, hint, ...area }) {
  const [id] = useState(() => `field-${(count += 1)}`);
  return html`<p class="field">
    <label for=${id}>${label}</label>
    <textarea id=${id} ...${area} aria-describedby=${hint && `${id}-hint`}></textarea>
    ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
  </p>`;
}
