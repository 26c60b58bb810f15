// How the server is used: people, messages, runs, tokens, waits and tools, over time.
import { html, useMemo, useState } from "../../app/lib.js";
import { Choice } from "../choice.js";
import { Bars } from "../icons.js";
import { Loaded, Nothing, useLoaded } from "../page.js";
import { DAY, HOUR, Plot, timesOf } from "../plot.js";
import { figures as fetchFigures } from "./api.js";
import { Table } from "./table.js";

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const BUCKETS = [["day", "30 days"], ["hour", "2 days, by hour"]];
const inSeconds = (ms) => (ms === undefined ? "–" : ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);
const sum = (runs) => Object.values(runs).reduce((all, many) => all + many, 0);

/** `[what is shown, how it is called, its lines: words, colour and value of a moment, how values are written]` */
const CHARTS = [
  ["use", "Messages and people", [["Messages", "--accent", ({ messages }) => messages, true], ["Active people", "--blue", ({ active_people: people }) => people]]],
  ["runs", "Runs", [["Ended", "--accent", ({ runs }) => sum(runs), true], ["of them not completed", "--warm", ({ runs }) => sum(runs) - (runs.completed ?? 0), true]]],
  ["tokens", "Tokens", [["All", "--accent", (one) => one.input_tokens + one.output_tokens, true], ["of them read", "--blue", ({ input_tokens: read }) => read, true]]],
  ["waits", "Waits", [["First words, half", "--accent", ({ waits }) => waits.first_words?.p50], ["First words, 95 %", "--blue", ({ waits }) => waits.first_words?.p95], ["Whole turn, 95 %", "--warm", ({ waits }) => waits.whole_turn?.p95]], inSeconds],
];

export function Figures() {
  const [bucket, setBucket] = useState("day");
  const found = useLoaded(() => fetchFigures(bucket), [bucket]);
  const choice = html`<${Choice} label="Time" options=${BUCKETS} value=${bucket} onChoose=${setBucket} />`;
  const empty = html`${choice}<${Nothing} icon=${Bars} title="Nothing was counted yet" text="What people do is counted a few seconds after it happens; never what they say." />`;
  return html`<${Loaded} of=${found} empty=${empty}>
    ${(figures) => (figures.bucket !== bucket ? null : html`${choice}<${Totals} figures=${figures} /><${Charts} figures=${figures} /><${Lists} figures=${figures} />`)}
  <//>`;
}

function Totals({ figures: { totals, left_out: leftOut, enabled } }) {
  const shown = [
    [compact.format(totals.active_people), totals.active_people === 1 ? "active person" : "active people"],
    [compact.format(totals.messages), totals.messages === 1 ? "message" : "messages"],
    [compact.format(sum(totals.runs)), sum(totals.runs) === 1 ? "run" : "runs"],
    [compact.format(totals.input_tokens + totals.output_tokens), "tokens"],
    [inSeconds(totals.waits.first_words?.p50), "to the first words, half"],
    [inSeconds(totals.waits.first_words?.p95), "to the first words, 95 %"],
    [inSeconds(totals.waits.whole_turn?.p95), "whole turn, 95 %"],
  ];
  return html`<section class="panel" aria-label="In all">
    <dl class="figures">${shown.map(([value, name]) => html`<div key=${name}><dd>${value}</dd><dt>${name}</dt></div>`)}</dl>
    ${leftOut > 0 && html`<p class="aside">${leftOut === 1 ? "One person is" : `${leftOut} people are`} left out, as they wish; only their tokens are counted.</p>`}
    ${!enabled && html`<p class="aside">Counting is switched off by the server’s settings: nothing new is added.</p>`}
  </section>`;
}

function Charts({ figures }) {
  const [name, setName] = useState("use");
  const [, caption, wanted, show] = CHARTS.find(([known]) => known === name);
  const step = figures.bucket === "day" ? DAY : HOUR;
  const [times, lines] = useMemo(() => {
    const known = new Map(figures.data.map((one) => [Date.parse(one.at) / 1_000, one]));
    const all = timesOf(figures.since, figures.until, step);
    const values = (of) => all.map((at) => (known.has(at) ? (of(known.get(at)) ?? null) : name === "waits" ? null : 0));
    return [all, wanted.map(([label, colour, of, bars]) => ({ label, colour, bars, values: values(of) }))];
  }, [figures, name]);
  return html`<section class="panel" aria-labelledby="over-time">
    <header class="wraps"><h2 id="over-time">Over time</h2>
      <${Choice} label="Shown" options=${CHARTS.map(([known, words]) => [known, words])} value=${name} onChoose=${setName} /></header>
    <${Plot} key=${name} caption=${`${caption} by ${figures.bucket}`} times=${times} lines=${lines} step=${step} show=${show} />
  </section>`;
}

function Lists({ figures: { totals, tools, events } }) {
  const percent = (part, whole) => `${Math.round((100 * part) / Math.max(1, whole))} %`;
  const ended = Object.entries(totals.runs).sort(([, one], [, other]) => other - one);
  return html`<section class="panel"><h2>Tools</h2>
      ${tools.length ? html`<${Table} caption="Tools" heads=${["Tool", "Calls", "Succeeded", "Half", "95 %"]}
        rows=${tools.map((one) => [one.name, one.calls, percent(one.succeeded, one.calls), inSeconds(one.took?.p50), inSeconds(one.took?.p95)])} />` : html`<p class="aside">None was called.</p>`}
    </section>
    <div class="cards"><section class="panel"><h2>How runs ended</h2>
      ${ended.length ? html`<${Table} caption="How runs ended" heads=${["End", "Runs", "Share"]} rows=${ended.map(([how, many]) => [how, many, percent(many, sum(totals.runs))])} />` : html`<p class="aside">None has.</p>`}
    </section>
    <section class="panel"><h2>What happened</h2>
      <${Table} caption="What happened" heads=${["Event", "Times", "People"]} rows=${events.map((one) => [one.name, one.many, one.people])} />
    </section>
  </div>`;
}
