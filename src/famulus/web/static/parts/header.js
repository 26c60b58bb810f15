import { known } from "../app/conversations.js";
import { startNew } from "../app/current.js";
import { html, useEffect } from "../app/lib.js";
import { attempt, tell } from "../app/notices.js";
import { change, model, models } from "../app/session.js";
import { Menu, Plus } from "./icons.js";

export function Header({ chat, onMenu }) {
  const title = known(chat.id.value)?.title ?? "New conversation";
  const working = chat.atWork.value.length > 0;
  useEffect(() => {
    document.title = `${working ? "… " : ""}${chat.id.value ? `${title} · ` : ""}Famulus`;
  }, [title, working, chat.id.value]);
  return html`<header class="top">
    <button type="button" class="icon only-narrow" aria-label="Show conversations and pages" onClick=${onMenu}><${Menu} /></button>
    <h2 class="title">${title}</h2>
    <${Model} />
    <button type="button" class="icon only-narrow" aria-label="New conversation" onClick=${startNew}><${Plus} /></button>
  </header>`;
}

function Model() {
  if (!model.value) return null;
  if (models.value.data.length > 1) return html`<${ModelPicker} />`;
  if (!model.value.offline) return html`<span class="model" title="The model that answers">${model.value.name}</span>`;
  return html`<button type="button" class="model offline" popovertarget="connect-a-model">
    <i aria-hidden="true"></i>Offline stand-in<span class="off-screen">: how to connect a model</span>
  </button>`;
}

function ModelPicker() {
  const choose = async (event) => {
    const chosen = event.target.value;
    if (await attempt(change({ selected_model: chosen }).then(() => true))) tell("The next message is answered by this model.");
  };
  return html`<label class="off-screen" for="model-picker">The model that answers</label>
    <select id="model-picker" class="model" onChange=${choose}>
      ${models.value.data.map(({ id, name }) => html`<option value=${id} selected=${id === model.value.id}>${name}</option>`)}
    </select>`;
}

/** Reached from the header and from an empty conversation. */
export function ConnectHint() {
  return html`<div popover="auto" id="connect-a-model" class="card pop">
    <${HowToConnect} />
    <p class="buttons"><button type="button" popovertarget="connect-a-model" popovertargetaction="hide">Close</button></p>
  </div>`;
}

const LINES = "OPENAI_BASE_URL=http://127.0.0.1:11434/v1\nOPENAI_MODEL=name-of-the-model\nOPENAI_API_KEY=if-it-needs-one";

export function HowToConnect() {
  return html`<h3>Connect a language model</h3>
    <p>
      The stand-in needs no network and no key, and does not think. Any endpoint that speaks OpenAI's protocol can take
      its place: a provider's, or one on your own machine.
    </p>
    <p>Put these into the file <code>.env</code> where Famulus runs, and start it again:</p>
    <pre tabindex="0">${LINES}</pre>`;
}
