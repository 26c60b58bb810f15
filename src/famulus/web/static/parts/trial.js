// Whether a model answers, asked and said in plain words.
import { html, useState } from "../app/lib.js";
import { tryModel } from "../app/onboarding.js";

export function Trial({ model }) {
  const [outcome, setOutcome] = useState(null);
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    setOutcome(null);
    setOutcome(await tryModel(typeof model === "function" ? model() : model).catch((error) => ({ ok: false, message: error.message })));
    setBusy(false);
  };
  return html`<div class="trial">
    <button type="button" onClick=${ask} disabled=${busy || !model}>${busy ? "Asking…" : "Test this model"}</button>
    <p role="status" class=${outcome && !outcome.ok ? "problem" : "trial-said"}>${outcome && said(outcome)}</p>
  </div>`;
}

const said = ({ ok, message, milliseconds, offline }) =>
  ok && !offline ? `${message} The first word took ${(milliseconds / 1000).toFixed(1)} seconds.` : message;
