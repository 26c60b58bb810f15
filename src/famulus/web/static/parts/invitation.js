// A quiet word to somebody who is new, above their first message: a few questions, if they like.
import { html, useEffect } from "../app/lib.js";
import { attempt } from "../app/notices.js";
import { dismiss, look, progress } from "../app/onboarding.js";
import { stylesheet } from "../pages/index.js";

await stylesheet("./start.css");

export function Invitation() {
  useEffect(() => void (progress.peek() ?? look().catch(() => null)), []);
  const { state, dismissed } = progress.value ?? { dismissed: true };
  if (dismissed || state === "done") return null;
  const isNew = state === "initial";
  return html`<aside class="hint invitation" aria-label="First steps">
    <p><strong>${isNew ? "New here?" : "You were about to introduce yourself."}</strong> A few short questions, and Famulus knows how to help you.</p>
    <p class="buttons">
      <button type="button" class="quiet" onClick=${() => attempt(dismiss())}>Not now</button>
      <a class="button" href="#/start">${isNew ? "Begin" : "Go on"}</a>
    </p>
  </aside>`;
}
