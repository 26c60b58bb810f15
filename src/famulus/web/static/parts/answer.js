// What an assistant says and does about a question.
import { copyText } from "../app/clipboard.js";
import { isOver } from "../app/fold.js";
import { html, memo, useEffect, useRef, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { showThoughts } from "../app/preferences.js";
import { moment } from "../app/times.js";
import { Again, Chevron, Copy, Info, Lamp } from "./icons.js";
import { Markdown } from "./markdown.js";
import { Reference } from "./reference.js";
import { Told } from "./told.js";
import { Sources } from "./sources.js";
import { duration, ToolCard } from "./tool.js";

export function Answer({ turn, chat }) {
  const view = turn.run.value;
  useEffect(() => void chat.loadSteps(turn), [turn]);
  const over = !view || view.done || isOver(view);
  const blocks = view?.blocks ?? [];
  return html`<div class="answer" aria-busy=${!over}>
    ${blocks.length > 0 && html`<h3 class="off-screen">Famulus answered</h3>`}
    ${blocks.map((block) =>
      block.kind === "tool"
        ? html`<${ToolCard} key=${block.key} block=${block} over=${over} />`
        : html`<${TextBlock} key=${block.key} block=${block} over=${over} cancelled=${view.status === "cancelled"} />`,
    )}
    ${over && html`<${Sources} blocks=${blocks} />`}
    ${view && html`<${Outcome} view=${view} turn=${turn} chat=${chat} over=${over} />`}
  </div>`;
}

const TextBlock = memo(({ block, over, cancelled }) => {
  if (!block.text && !block.reasoning) return null;
  const growing = !over && block.status !== "completed" && block.status !== "incomplete";
  return html`<div class="text ${block.status}">
    ${block.reasoning && html`<${Reasoning} text=${block.reasoning} thinking=${growing && !block.text} />`}
    ${block.text && html`<${Markdown} text=${block.text} growing=${growing} />`}
    ${block.status === "incomplete" && html`<p class="aside">${cancelled ? "Stopped here." : "Interrupted here."}</p>`}
  </div>`;
});

function Reasoning({ text, thinking }) {
  return html`<details class="reasoning" open=${showThoughts.value}>
    <summary><span class="turner"><${Chevron} /></span>${thinking ? "Thinking…" : "Thoughts"}</summary>
    <div class="thoughts">${text}</div>
  </details>`;
}

function Outcome({ view, turn, chat, over }) {
  if (!over) return html`<${Waiting} view=${view} turn=${turn} chat=${chat} />`;
  return html`<${Ending} view=${view} turn=${turn} chat=${chat} /><${AnswerTools} view=${view} turn=${turn} chat=${chat} />`;
}

function Waiting({ view, turn, chat }) {
  if (turn.stopping.value || view.status === "cancelling") return html`<p class="aside">Stopping…</p>`;
  if (chat.atWork.value[0] !== turn) {
    return html`<p class="aside">
      Queued: it will be answered in turn.
      <button type="button" class="quiet" onClick=${() => chat.stop(turn)}>Take back</button>
    </p>`;
  }
  if (view.status === "requires_action") return html`<p class="aside">Waiting for another program's answer.</p>`;
  const last = view.blocks.at(-1);
  if (last?.retrying) return html`<p class="aside" role="status">The model did not answer. Trying again…</p>`;
  const seen = last?.status === "in_progress" && (last.kind === "tool" || last.text || last.reasoning);
  return seen ? null : html`<p class="working"><span class="off-screen">Working…</span><i /><i /><i /></p>`;
}

const ENDINGS = {
  failed: "This answer could not be finished.",
  expired: "This took too long and was ended.",
  incomplete: "The answer was cut off at its limit.",
};

function Ending({ view, turn, chat }) {
  const lastText = view.blocks.findLast((block) => block.kind === "text");
  if (view.status === "cancelled") {
    return lastText?.status === "incomplete" ? null : html`<p class="aside">Stopped.</p>`;
  }
  if (!ENDINGS[view.status]) return view.degraded.length ? html`<${Degraded} parts=${view.degraded} />` : null;
  return html`<div class="failure" role="alert">
    <p>${view.error?.message || ENDINGS[view.status]}<${Reference} id=${view.correlationId} /></p>
    <button type="button" onClick=${() => attempt(chat.edit(turn))}>Try again</button>
  </div>`;
}

function Degraded({ parts }) {
  return html`<p class="aside">Answered without ${parts.join(" and ")}, which could not be reached.</p>`;
}

function AnswerTools({ view, turn, chat }) {
  const [shown, show] = useState(false);
  const text = view.blocks.flatMap((block) => (block.kind === "text" && block.text ? [block.text] : [])).join("\n\n");
  const copy = async () => (await copyText(text)) && tell("Copied.");
  const details = async () => {
    if (!shown && view.usage === null) await attempt(chat.describe(turn));
    show(!shown);
  };
  return html`<div class="turn-tools answer-tools">
      ${text && html`<button type="button" class="icon" aria-label="Copy the answer" title="Copy" onClick=${copy}><${Copy} /></button>`}
      ${turn.messageId &&
      html`<button type="button" class="icon" aria-label="Answer once more" title="Answer once more" onClick=${() => attempt(chat.edit(turn))}><${Again} /></button>`}
      ${view.memories.length > 0 &&
      html`<button type="button" class="icon" aria-label="Why do you know this?" title="Why do you know this?" aria-expanded=${shown} onClick=${details}><${Lamp} /></button>`}
      <button type="button" class="icon" aria-label="How this answer was made" title="How this answer was made" aria-expanded=${shown} onClick=${details}><${Info} /></button>
    </div>
    ${shown && html`<${Details} view=${view} />`}`;
}

function Details({ view }) {
  const { usage, model, memories, startedAt, endedAt, correlationId } = view;
  const seconds = endedAt && startedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 : null;
  const facts = [
    ["Model", model],
    ["Time", seconds === null ? null : duration(seconds)],
    ["Read", usage?.prompt_tokens && `${usage.prompt_tokens.toLocaleString()} tokens`],
    ["Written", usage?.completion_tokens && `${usage.completion_tokens.toLocaleString()} tokens`],
    ["When", endedAt && moment(endedAt)],
    ["Reference", correlationId],
  ];
  return html`<dl class="facts">
      ${facts.filter(([, value]) => value).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>
    ${memories.length > 0 && html`<${Told} memories=${memories} />`}`;
}
