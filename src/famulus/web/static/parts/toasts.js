import { html } from "../app/lib.js";
import { attempt, dismiss, notices } from "../app/notices.js";
import { Close } from "./icons.js";
import { Reference } from "./reference.js";

export function Toasts() {
  return html`<div class="toasts" role="region" aria-label="Messages" aria-live="polite">${notices.value.map((notice) => html`<${Toast} key=${notice.id} ...${notice} />`)}</div>`;
}

function Toast({ id, message, correlationId, problem, undo }) {
  const takeBack = () => {
    dismiss(id);
    attempt(undo());
  };
  return html`<div class="toast ${problem ? "problem-toast" : ""}" role=${problem ? "alert" : undefined}>
    <span>${message}<${Reference} id=${correlationId} /></span>
    ${undo && html`<button type="button" class="quiet" onClick=${takeBack}>Undo</button>`}
    <button type="button" class="icon" aria-label="Dismiss" onClick=${() => dismiss(id)}><${Close} /></button>
  </div>`;
}
