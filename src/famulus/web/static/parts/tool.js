import { html, memo, useEffect, useState } from "../app/lib.js";
import { Check, Chevron, Cross, Dash } from "./icons.js";

const STATES = {
  in_progress: { word: "running", sign: () => html`<span class="spinner" />` },
  completed: { word: "done", sign: Check },
  failed: { word: "failed", sign: Cross },
  cancelled: { word: "stopped", sign: Dash },
  expired: { word: "gave up waiting", sign: Dash },
};

/** One call of a tool: what it was asked, what it said, how long it took. */
export const ToolCard = memo(({ block, over }) => {
  const status = block.status === "in_progress" && over ? "cancelled" : (block.status ?? "in_progress");
  const state = STATES[status] ?? { word: status, sign: Dash };
  const name = spoken(block.name);
  return html`<details class="tool ${status}">
    <summary>
      <span class="sign"><${state.sign} /></span>
      <span class="tool-name">${name}</span>
      <span class="tool-state">${state.word}</span>
      <${Elapsed} from=${block.startedAt} to=${block.endedAt} running=${status === "in_progress"} />
      <span class="turner"><${Chevron} /></span>
    </summary>
    <div class="tool-body">
      ${block.hidden ? null : html`<${Part} name="Input" text=${block.arguments} />`}
      <${Part} name="Output" text=${block.output} />
      ${block.error && html`<p class="tool-error">${block.error.message}</p>`}
    </div>
  </details>`;
});

function spoken(name) {
  const words = (name || "tool").replaceAll(/[_\-.]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Part({ name, text }) {
  if (!text || text === "{}") return null;
  return html`<div>
    <h4>${name}</h4>
    <pre tabindex="0">${pretty(text)}</pre>
  </div>`;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Elapsed({ from, to, running }) {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, [running]);
  if (!from || (!running && !to)) return null;
  const seconds = Math.max(0, (to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1_000;
  return html`<span class="elapsed">${duration(seconds)}</span>`;
}

export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
