// What a person wants to reach, how far it is, and what can be done next.
import { html, useState } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { route, visit } from "../app/route.js";
import { day } from "../app/times.js";
import { Field, Form, TextField } from "../parts/form.js";
import { goals as api } from "../parts/goals/api.js";
import { Goal } from "../parts/goals/goal.js";
import { Ring } from "../parts/goals/progress.js";
import { Flag, Plus } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";

export default function Goals() {
  const [id] = route.value.rest ?? [];
  return id ? html`<${Goal} key=${id} id=${id} />` : html`<${All} />`;
}

function All() {
  const [adding, setAdding] = useState(false);
  const found = useLoaded(async () => {
    const [goals, todos] = await Promise.all([api.list(), api.todos()]);
    return { data: goals, todos };
  });
  const create = async ({ title, description, target_date: due, steps }) => {
    const lines = steps.split("\n").map((line) => line.trim()).filter(Boolean);
    const goal = await api.create({ title: title.trim(), description, ...(due && { target_date: due }), steps: lines });
    visit(`#/goals/${goal.id}`);
  };
  const tick = async (todo) => {
    if (await attempt(api.changeStep(todo.goal_id, todo.id, { done: true }).then(() => true))) {
      tell(`Done: ${todo.title}`, { undo: () => api.changeStep(todo.goal_id, todo.id, { done: false }).then(found.reload) });
    }
    found.reload();
  };
  const actions = html`<button type="button" class="primary" aria-expanded=${adding} onClick=${() => setAdding(!adding)}><${Plus} />New goal</button>`;
  return html`<${Page} title="Goals" actions=${actions}>
    ${adding && html`<section class="panel"><h2>A new goal</h2><${NewGoal} act=${create} /></section>`}
    <${Loaded} of=${found} empty=${!adding && html`<${Nothing} icon=${Flag} title="Nothing to reach yet" text="Name a goal. Its steps become a roadmap, and what can be done next is always here." />`}>
      ${({ data, todos }) => html`<ul class="cards">${data.map((goal) => html`<${Card} key=${goal.id} goal=${goal} />`)}</ul>
        ${todos.length > 0 && html`<${Next} todos=${todos} onTick=${tick} />`}`}
    <//>
  <//>`;
}

function NewGoal({ act }) {
  return html`<${Form} act=${act} action="Begin">
    <div class="fields">
      <${Field} label="What do you want to reach?" name="title" maxlength="200" required autocomplete="off" />
      <${Field} label="By" name="target_date" type="date" />
    </div>
    <${TextField} label="Why, and what will it look like?" name="description" rows="2" maxlength="10000" />
    <${TextField} label="First steps, one a line" name="steps" rows="3" hint="They come one after the other; you can change that later." />
  <//>`;
}

function Next({ todos, onTick }) {
  return html`<section class="panel" aria-labelledby="next">
    <h2 id="next">What can be done now</h2>
    <ul class="rows">
      ${todos.map(
        (todo) => html`<li class="row" key=${todo.id}>
          <label class="check row-main"><input type="checkbox" checked=${false} onChange=${() => onTick(todo)} />
            <span><span>${todo.title}</span><small class="of-goal">${todo.goal_title}</small></span></label>
          ${todo.due && html`<span class="tag">${day(`${todo.due}T12:00:00Z`)}</span>`}
        </li>`,
      )}
    </ul>
  </section>`;
}

function Card({ goal }) {
  return html`<li><a class="panel card-link" href=${`#/goals/${goal.id}`}>
    <span class="goal-line"><${Ring} progress=${goal.progress} />
      <span class="row-main"><strong>${goal.title}</strong>
        <small>${goal.status === "active" ? "" : `${goal.status} · `}${goal.progress.done} of ${goal.progress.total} steps${goal.target_date ? ` · by ${day(`${goal.target_date}T12:00:00Z`)}` : ""}</small></span></span>
    ${goal.description && html`<span class="goal-about">${goal.description}</span>`}
  </a></li>`;
}
