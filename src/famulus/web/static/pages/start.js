// The first minutes: a few short questions, one at a time, each of which may be left out. Where somebody is, the server knows.
import { html, useEffect, useRef } from "../app/lib.js";
import { attempt } from "../app/notices.js";
import { answer, begin, look, progress, reset, skip, STEPS, wishes } from "../app/onboarding.js";
import { deviceZone, model, models, person } from "../app/session.js";
import { Field, Form, TextField } from "../parts/form.js";
import { HowToConnect } from "../parts/header.js";
import { Loaded, Skeleton, useLoaded } from "../parts/page.js";
import { Trial } from "../parts/trial.js";
import { WishFields } from "../parts/wishes.js";

const MOST_MEMORIES = 10;

export default function Start() {
  useEffect(() => void attempt(look().then(({ state }) => state === "initial" && begin())), []);
  if (!progress.value || progress.value.state === "initial") return html`<div class="page-body start"><${Skeleton} /></div>`;
  const { state } = progress.value;
  const Shown = QUESTIONS[state];
  return html`<div class="page-body start">${Shown ? html`<${Question} key=${state} step=${state}><${Shown} /><//>` : html`<${Done} />`}</div>`;
}

function Question({ step, children }) {
  const at = STEPS.indexOf(step) + 1;
  return html`<p class="start-way" role="img" aria-label=${`Question ${at} of ${STEPS.length}`}>
      ${STEPS.map((_, i) => html`<i class=${i < at ? "passed" : ""}></i>`)}
    </p>
    ${children}
    <p class="start-out">
      <button type="button" class="quiet" onClick=${() => attempt(skip(step))}>Skip this question</button>
      <a class="quiet-link" href="#/">Go on later</a>
    </p>`;
}

function Heading({ children, text }) {
  const heading = useRef(null);
  // Each question is read from its heading on, by whatever means.
  useEffect(() => heading.current.focus({ preventScroll: true }), []);
  return html`<header><h1 ref=${heading} tabindex="-1">${children}</h1>${text && html`<p>${text}</p>`}</header>`;
}

function Preferences() {
  const known = useLoaded(wishes.show);
  const save = ({ name, ...said }) => answer("preferences", { name, ...said, ...(deviceZone && { zone: deviceZone }) });
  return html`<${Heading} text="Famulus keeps this in mind in every answer. You can change it in the settings at any time.">Nice to meet you<//>
    <${Loaded} of=${known}>
      ${(found) => html`<${Form} act=${save} action="Continue">
        <${Field} label="What should I call you?" name="name" defaultValue=${person.value.name} autocomplete="name" maxlength="100" required />
        <${WishFields} wishes=${found} />
        ${deviceZone && html`<p class="aside">Times are meant as in ${deviceZone}, like on this device.</p>`}
      <//>`}
    <//>`;
}

function ModelQuestion() {
  if (!models.value) return html`<${Skeleton} />`;
  const choose = ({ model: chosen }) => answer("model", { model: chosen });
  const asked = () => document.querySelector("input[name=model]:checked")?.value ?? model.value.id;
  return html`<${Heading} text="A language model does the thinking. You can try whether it answers.">Who should answer?<//>
    <${Form} act=${choose} action="Continue">
      <div class="rows" role="radiogroup" aria-label="Models">
        ${models.value.data.map(
          (one) => html`<div class="row" key=${one.id}>
            <label class="check row-main"><input type="radio" name="model" value=${one.id} defaultChecked=${one.id === model.value?.id} required />
              <span><strong>${one.name}</strong></span></label>
          </div>`,
        )}
      </div>
      <${Trial} model=${asked} />
    <//>
    ${model.value?.offline && models.value.data.length === 1 && html`<details class="panel"><summary>How to connect a model</summary><${HowToConnect} /></details>`}`;
}

function Memories() {
  const save = ({ memories }) => {
    const lines = memories.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.length) throw new Error("Write at least one line, or skip the question.");
    if (lines.length > MOST_MEMORIES) throw new Error(`Ten lines are enough for now; these are ${lines.length}.`);
    return answer("memories", { memories: lines });
  };
  return html`<${Heading} text="Only you can see what is remembered, and you can have it forgotten.">What should I know about you?<//>
    <${Form} act=${save} action="Remember">
      <${TextField} label="One thing a line" name="memories" rows="5" placeholder=${"I have two cats.\nMy sister is called Ana."}
        hint="People, places, habits: whatever you would not want to say twice." />
    <//>`;
}

function FirstReminder() {
  const save = ({ title, at }) => answer("reminder", { title: title.trim(), at: new Date(at).toISOString() });
  return html`<${Heading} text="You will be told here when it is time; other ways are in the settings of your news.">Is there something not to forget?<//>
    <${Form} act=${save} action="Remind me">
      <div class="fields">
        <${Field} label="What?" name="title" maxlength="200" required autocomplete="off" placeholder="Water the plants" />
        <${Field} label="When?" name="at" type="datetime-local" required defaultValue=${tomorrowAtNine()} />
      </div>
    <//>`;
}

function Done() {
  const again = () => attempt(reset().then(begin));
  return html`<${Heading} text="Ask whatever you like. Famulus learns more as you talk.">That is all, ${person.value.name}<//>
    <p class="buttons start-end">
      <button type="button" class="quiet" onClick=${again}>Take it back and begin anew</button>
      <a class="button primary" href="#/">To your first conversation</a>
    </p>`;
}

const QUESTIONS = { preferences: Preferences, model: ModelQuestion, memories: Memories, reminder: FirstReminder };

function tomorrowAtNine() {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  const two = (number) => String(number).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T09:00`;
}
