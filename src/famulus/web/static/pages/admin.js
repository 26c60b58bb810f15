// For those who run the server: its people, what they use, how it goes and how it stands.
import { html } from "../app/lib.js";
import { route, visit } from "../app/route.js";
import { person } from "../app/session.js";
import { Figures } from "../parts/admin/figures.js";
import { Health } from "../parts/admin/health.js";
import { Jobs } from "../parts/admin/jobs.js";
import { People } from "../parts/admin/people.js";
import { Spending } from "../parts/admin/spending.js";
import { Choice } from "../parts/choice.js";
import { Key } from "../parts/icons.js";
import { Nothing, Page } from "../parts/page.js";
import { stylesheet } from "./index.js";

// It shows figures as the page of usage does.
await stylesheet("./usage.css");

const PARTS = [
  ["people", "People", People],
  ["usage", "Usage", Spending],
  ["analytics", "Analytics", Figures],
  ["jobs", "Jobs", Jobs],
  ["health", "Health", Health],
];

export default function Admin() {
  if (person.value?.role === "member") {
    return html`<${Page} title="Server">
      <${Nothing} icon=${Key} title="This is not for you" text="The owner of this server and its admins look after it here." />
    <//>`;
  }
  const [name, , Part] = PARTS.find(([known]) => known === route.value.rest?.[0]) ?? PARTS[0];
  return html`<${Page} title="Server" text="Its people, what they use, and how it goes. What anybody says is not shown.">
    <${Choice} label="Part" options=${PARTS.map(([known, words]) => [known, words])} value=${name} onChoose=${(chosen) => visit(`#/admin/${chosen}`)} />
    <${Part} key=${name} />
  <//>`;
}
