// One goal: how far it is, its roadmap as a picture and as a list, and a model that draws it.
import { runs } from "../../app/api.js";
import { html, useEffect, useState } from "../../app/lib.js";
import { attempt, notify, tell } from "../../app/notices.js";
import { linkTo, visit } from "../../app/route.js";
import { follow } from "../../app/stream.js";
import { day } from "../../app/times.js";
import { ask } from "../ask.js";
import { Field, Form, TextField } from "../form.js";
import { Flag, Left, Pencil, Sparkle, Trash } from "../icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../page.js";
import { goals as api } from "./api.js";
import { CheckIns } from "./check-ins.js";
import { Ring } from "./progress.js";
import { Roadmap } from "./roadmap.js";
import { Steps } from "./steps.js";

export function Goal({ id }) {
  const loaded = useLoaded(async () => {
    const [goal, roadmap] = await Promise.all([api.find(id), api.roadmap(id)]);
    return { goal, roadmap };
  }, [id]);
  const title = loaded.value?.goal.title ?? "Goal";
  const back = html`<a class="button" href="#/goals"><${Left} />All goals</a>`;
  return html`<${Page} title=${title} actions=${back}>
    <${Loaded} of=${loaded}>${({ goal, roadmap }) => html`<${Shown} goal=${goal} roadmap=${roadmap} reload=${loaded.reload} />`}<//>
  <//>`;
}

function Shown({ goal, roadmap, reload }) {
  const [editing, setEditing] = useState(false);
  const act = async (promise, words) => {
    if ((await attempt(promise.then(() => true))) && words) tell(words);
    await reload();
  };
  const tick = (step) => act(api.changeStep(goal.id, step.id, { done: !step.done_at }));
  const removeStep = async (stepId, title) => {
    const sure = await ask({ title: "Remove this step?", text: `“${title}” and its parts will be gone.`, action: "Remove" });
    if (sure) act(api.removeStep(goal.id, stepId));
  };
  const remove = async () => {
    const sure = await ask({ title: "Delete this goal?", text: `“${goal.title}” and its roadmap will be gone.`, action: "Delete" });
    if (sure && (await attempt(api.remove(goal.id).then(() => true)))) visit("#/goals", { replace: true });
  };
  const save = async ({ title, description, target_date: due }) => {
    await api.change(goal.id, { title: title.trim(), description, target_date: due || null });
    setEditing(false);
    await reload();
  };
  return html`<section class="panel goal-head">
      <div class="goal-line"><${Ring} progress=${goal.progress} />
        <div class="row-main"><small>${goal.status}${goal.target_date ? ` · by ${day(`${goal.target_date}T12:00:00Z`)}` : ""}</small>
          <p>${goal.description || "What will it look like when it is reached?"}</p></div>
        <div class="row-tools">
          ${goal.status !== "achieved" && html`<button type="button" class="icon" title="Achieved" aria-label="Achieved" onClick=${() => act(api.change(goal.id, { status: "achieved" }), "Well done.")}><${Flag} /></button>`}
          <button type="button" class="icon" title="Change" aria-label="Change the goal" onClick=${() => setEditing(!editing)}><${Pencil} /></button>
          <button type="button" class="icon" title="Delete" aria-label="Delete the goal" onClick=${remove}><${Trash} /></button>
        </div></div>
      ${editing &&
      html`<${Form} act=${save} action="Save">
        <${Field} label="Goal" name="title" defaultValue=${goal.title} maxlength="200" required />
        <${TextField} label="Description" name="description" rows="3" defaultValue=${goal.description} maxlength="10000" />
        <${Field} label="By" name="target_date" type="date" defaultValue=${goal.target_date ?? ""} />
      <//>`}
    </section>
    ${roadmap.steps.length > 0
      ? html`<section aria-label="Roadmap"><${Roadmap} roadmap=${roadmap} onTick=${tick} /></section>`
      : html`<${Nothing} icon=${Flag} title="No way there yet" text="Add the steps yourself, or have the model draw a roadmap." />`}
    <section class="panel"><h2>Steps</h2>
      <${Steps} roadmap=${roadmap} onTick=${tick} onRemove=${removeStep} onAdd=${async (step) => (await api.addStep(goal.id, step), reload())} />
    </section>
    <${CheckIns} goal=${goal} />
    <${Drawing} goal=${goal} onDone=${reload} />`;
}

/** Has a model draw the roadmap, and waits for the run's end. */
function Drawing({ goal, onDone }) {
  const [runId, setRunId] = useState(null);
  useEffect(() => {
    if (!runId) return undefined;
    const left = new AbortController();
    follow(runId, { id: null }, () => {}, left.signal).then(
      async () => {
        if (left.signal.aborted) return;
        const run = await attempt(runs.find(runId));
        if (run?.last_error) notify({ message: run.last_error.message, correlationId: run.correlation_id });
        setRunId(null);
        onDone();
      },
      (error) => (notify(error), setRunId(null)),
    );
    return () => left.abort();
  }, [runId]);
  const draw = async ({ wishes }) => {
    const run = await api.draw(goal.id, { wishes: wishes ?? "" });
    setRunId(run.run_id);
  };
  return html`<section class="panel">
    <h2><${Sparkle} /> Have it drawn</h2>
    <p class="aside">The model that answers you draws a roadmap; steps of the same title stay ticked.
      ${goal.thread_id && html` <a href=${linkTo(goal.thread_id)}>How the last one was made</a>`}</p>
    ${runId
      ? html`<p role="status" class="aside"><span class="spinner"></span> Drawing…</p>`
      : html`<${Form} act=${draw} action="Draw the roadmap">
          <${TextField} label="What should it take into account?" name="wishes" rows="2" maxlength="10000" placeholder="Two evenings a week, and no money until spring." />
        <//>`}
  </section>`;
}
