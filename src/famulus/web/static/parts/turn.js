import { html, memo, useEffect, useRef } from "../app/lib.js";
import { isOver } from "../app/fold.js";
import { CopyButton } from "./copy.js";
import { Chevron } from "./icons.js";
import { Markdown } from "./markdown.js";
import { Reference } from "./reference.js";
import { ToolCard } from "./tool.js";

/** What a person said, and the answer. */
export const TurnView = memo(({ turn, chat }) => {
  const user = turn.user.value ?? storedUser(turn.run.value);
  return html`<li class="turn" id=${`turn-${turn.key}`}>
    ${user && html`<${Said} user=${user} turn=${turn} chat=${chat} />`}
    <${Answer} turn=${turn} chat=${chat} />
  </li>`;
});

const storedUser = (view) =>
  view?.user && { text: view.user.content.map((part) => part.text?.value ?? "").join(""), at: view.user.created_at };

function Said({ user, turn, chat }) {
  const delivery = turn.delivery.value;
  const when = new Date(user.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return html`<div class="said ${delivery}">
    <h3 class="off-screen">You said</h3>
    <div class="bubble" title=${when}>${user.text}</div>
    ${delivery === "unsent" && html`<${Unsent} turn=${turn} chat=${chat} />`}
  </div>`;
}

function Unsent({ turn, chat }) {
  return html`<p class="not-sent" role="alert">
    <span>Not sent. ${turn.problem.value?.message}<${Reference} id=${turn.problem.value?.correlationId} /></span>
    <button type="button" class="quiet" onClick=${() => chat.sendAgain(turn)}>Try again</button>
    <button type="button" class="quiet" onClick=${() => chat.discard(turn)}>Discard</button>
  </p>`;
}

function Answer({ turn, chat }) {
  const view = turn.run.value;
  const place = useRef(null);
  useEffect(() => whenSeen(place.current, () => chat.loadSteps(turn)), [turn]);
  const over = !view || view.done || isOver(view);
  const blocks = view?.blocks ?? [];
  return html`<div class="answer" ref=${place} aria-busy=${!over}>
    ${blocks.length > 0 && html`<h3 class="off-screen">Famulus answered</h3>`}
    ${blocks.map((block) =>
      block.kind === "tool"
        ? html`<${ToolCard} key=${block.key} block=${block} over=${over} />`
        : html`<${TextBlock} key=${block.key} block=${block} over=${over} cancelled=${view.status === "cancelled"} />`,
    )}
    ${view && html`<${Outcome} view=${view} turn=${turn} chat=${chat} over=${over} />`}
  </div>`;
}

function whenSeen(element, act) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    act();
  });
  observer.observe(element);
  return () => observer.disconnect();
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
  return html`<details class="reasoning">
    <summary><span class="turner"><${Chevron} /></span>${thinking ? "Thinking…" : "Thoughts"}</summary>
    <div class="thoughts">${text}</div>
  </details>`;
}

function Outcome({ view, turn, chat, over }) {
  if (!over) return html`<${Waiting} view=${view} turn=${turn} chat=${chat} />`;
  return html`<${Ending} view=${view} turn=${turn} chat=${chat} /><${AnswerTools} view=${view} />`;
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
    <button type="button" onClick=${() => chat.send(turn.user.peek()?.text ?? "")}>Ask again</button>
  </div>`;
}

function Degraded({ parts }) {
  return html`<p class="aside">Answered without ${parts.join(" and ")}, which could not be reached.</p>`;
}

function AnswerTools({ view }) {
  const text = view.blocks.flatMap((block) => (block.kind === "text" && block.text ? [block.text] : [])).join("\n\n");
  return text && html`<div class="answer-tools"><${CopyButton} text=${text} /></div>`;
}
