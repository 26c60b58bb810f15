// How the server stands, and what it stands on.
import { html } from "../../app/lib.js";
import { Again } from "../icons.js";
import { Loaded, useLoaded } from "../page.js";
import { health as fetchHealth } from "./api.js";

const REDIS = { none: "not used", connected: "connected", away: "away" };
const MEMORY = { within: "in this process", elsewhere: "a service of its own" };

export function Health() {
  const found = useLoaded(fetchHealth);
  return html`<${Loaded} of=${found}>${(health) => html`<${Standing} health=${health} onLook=${found.reload} />`}<//>`;
}

function Standing({ health, onLook }) {
  const runs = Object.entries(health.runs).map(([status, many]) => `${many} ${status.replaceAll("_", " ")}`);
  const facts = [
    ["Version", `${health.version} on Python ${health.python}`],
    ["Database", health.database === "sqlite" ? "SQLite" : "PostgreSQL"],
    ["Redis", REDIS[health.redis]],
    ["Memory", MEMORY[health.memory]],
    ["Background work", health.works ? "done by this process" : "done by workers elsewhere"],
    ["Runs", runs.join(", ") || "none under way"],
    ["Jobs due", health.queue.due ? `${health.queue.due}, the oldest for ${Math.round(health.queue.oldest_due_seconds)} s` : "none"],
    ["Jobs given up", health.queue.dead || "none"],
    ["Clients that follow", health.followers],
    ["Connections at work", health.connections_in_use],
  ];
  return html`<section class="panel" aria-labelledby="standing">
    <header><h2 id="standing">${health.status === "ready" ? "All is well" : "Something is stuck"}</h2>
      <button type="button" class="quiet" onClick=${onLook}><${Again} />Look again</button></header>
    ${health.problem && html`<p class="problem" role="alert">${health.problem}</p>`}
    ${health.degraded.length > 0 && html`<p><span class="tag warm">Done without: ${health.degraded.join(", ")}</span></p>`}
    <dl class="stands">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
  </section>`;
}
