// A run as the page shows it, folded from its events or from what is stored. Pure: a view is never changed,
// each event makes the next one, so that a component can see by identity what is new.

export const FINAL = new Set(["completed", "failed", "cancelled", "expired", "incomplete"]);
export const isOver = (view) => FINAL.has(view.status);

const EMPTY = {
  id: null,
  status: "queued",
  error: null,
  correlationId: null,
  degraded: [],
  usage: null,
  model: null,
  memories: [],
  blocks: [],
  user: null,
  done: false,
};

export function viewOfRun(run) {
  return withRun(EMPTY, run);
}

/** A run that is over, from its messages and steps; either may be all there is. */
export function viewOfStored(run, messages = [], steps = []) {
  let view = run ? viewOfRun(run) : EMPTY;
  for (const step of [...steps].sort(byTime)) view = withStep(view, step);
  for (const message of messages) view = withMessage(view, message);
  return { ...view, done: true };
}

const byTime = (one, other) => (one.created_at + one.id < other.created_at + other.id ? -1 : 1);

/** The view after one event. */
export function fold(view, name, data) {
  if (name === "stream.reset") return { ...viewOfStored(data.run, data.messages, data.steps), done: false };
  if (name === "thread.message.delta") return withText(view, data);
  if (name === "thread.run.step.delta") return withStepDelta(view, data);
  if (name.startsWith("thread.message.")) return withMessage(view, data);
  if (name.startsWith("thread.run.step.")) return withStep(view, data);
  if (name.startsWith("thread.run.")) return withRun(view, data);
  if (name === "error") return { ...view, error: data.error ?? view.error };
  if (name === "done") return { ...view, status: data.status ?? view.status, done: true };
  return view;
}

function withRun(view, run) {
  return {
    ...view,
    id: run.id,
    status: run.status,
    error: run.last_error ?? view.error,
    correlationId: run.correlation_id ?? view.correlationId,
    degraded: run.degraded ?? view.degraded,
    usage: run.usage ?? view.usage,
    model: run.model ?? view.model,
    memories: run.memories ?? view.memories,
    createdAt: run.created_at,
    startedAt: run.started_at,
    endedAt: run.ended_at,
  };
}

export function textOf(message) {
  return (message.content ?? []).map((part) => part.text?.value ?? "").join("");
}

/** What a person said in a message, and with which files. */
export function saidIn(message) {
  const files = (message.attachments ?? []).map(({ file_id: id }) => ({ id }));
  return { text: textOf(message), files, at: message.created_at };
}

function withMessage(view, message) {
  if (message.role === "user") return { ...view, user: message };
  return changeBlock(view, (block) => block.messageId === message.id, {
    fresh: { kind: "text", key: message.id, messageId: message.id, text: "", reasoning: "" },
    change: (block) => ({ ...block, status: message.status, text: textOf(message) || block.text }),
  });
}

function withText(view, { id, delta }) {
  const added = textOf(delta);
  return changeBlock(view, (block) => block.messageId === id, {
    fresh: { kind: "text", key: id, messageId: id, text: "", reasoning: "" },
    change: (block) => ({ ...block, status: "in_progress", text: block.text + added, retrying: null }),
  });
}

function withStep(view, step) {
  const details = step.step_details;
  if (details.type === "message_creation") return withMessageStep(view, step, details);
  return details.tool_calls.reduce((next, call) => withCall(next, step, call), view);
}

function withMessageStep(view, step, { message_creation: creation, reasoning }) {
  const messageId = creation?.message_id ?? null;
  const mine = (block) => block.stepId === step.id || (messageId && block.messageId === messageId);
  return changeBlock(view, mine, {
    fresh: { kind: "text", key: messageId ?? step.id, messageId, text: "", reasoning: "" },
    change: (block) => ({
      ...block,
      stepId: step.id,
      messageId: messageId ?? block.messageId,
      reasoning: reasoning ?? block.reasoning,
      stepStatus: step.status,
    }),
  });
}

function withCall(view, step, call) {
  return changeBlock(view, (block) => block.kind === "tool" && block.key === call.id, {
    fresh: { kind: "tool", key: call.id, stepId: step.id },
    change: (block) => ({
      ...block,
      status: step.status,
      name: call.function.name,
      arguments: call.function.arguments ?? block.arguments,
      output: call.function.output ?? block.output ?? null,
      hidden: step.show_input === false,
      error: step.last_error ?? null,
      startedAt: step.started_at ?? step.created_at,
      endedAt: step.ended_at ?? step.completed_at ?? null,
    }),
  });
}

function withStepDelta(view, { id, delta }) {
  const details = delta.step_details;
  if (details.type === "message_creation") {
    return changeBlock(view, (block) => block.stepId === id, {
      fresh: { kind: "text", key: id, stepId: id, messageId: null, text: "", reasoning: "" },
      change: (block) => ({
        ...block,
        reasoning: block.reasoning + (details.reasoning ?? ""),
        retrying: details.retrying ?? null,
      }),
    });
  }
  return (details.tool_calls ?? []).reduce((next, call) => withCallDelta(next, id, call), view);
}

function withCallDelta(view, stepId, call) {
  const mine = (block) => block.kind === "tool" && (call.id ? block.key === call.id : block.stepId === stepId);
  const { name, arguments: more = "", output } = call.function ?? {};
  return changeBlock(view, mine, {
    fresh: { kind: "tool", key: call.id ?? stepId, stepId, name: name ?? "", arguments: "", status: "in_progress" },
    change: (block) => ({
      ...block,
      name: name || block.name,
      arguments: (block.arguments ?? "") + more,
      output: output ?? block.output ?? null,
    }),
  });
}

function changeBlock(view, isMine, { fresh, change }) {
  const at = view.blocks.findLastIndex(isMine);
  const blocks = [...view.blocks];
  if (at < 0) blocks.push(change(fresh));
  else blocks[at] = change(blocks[at]);
  return { ...view, blocks };
}
