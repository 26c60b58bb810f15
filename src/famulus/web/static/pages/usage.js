// What was spent, on what, and what may still be spent.
import { call, V1 } from "../app/api.js";
import { counted } from "../app/counts.js";
import { html, useState } from "../app/lib.js";
import { ago } from "../app/times.js";
import { Choice } from "../parts/choice.js";
import { sizeInWords } from "../parts/files/api.js";
import { Bars } from "../parts/icons.js";
import { Loaded, Nothing, Page, useLoaded } from "../parts/page.js";
import { Chart } from "../parts/usage/chart.js";

const SHOWN = [["day", "By day"], ["model", "By model"], ["feature", "By use"]];
const METRICS = { requests: "requests", tokens: "tokens", input_tokens: "tokens read", output_tokens: "tokens written", tool_calls: "tool calls", cost: "cost" };
const many = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

const money = (amount, currency) => {
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency}`;
  }
};

const figure = (number, one) => counted(number, one).split(" ");
const sum = (totals, name) => totals.reduce((all, total) => all + total[name], 0);

export default function Usage() {
  const [by, setBy] = useState("day");
  const now = useLoaded(() => call("GET", `${V1}/usage`));
  const past = useLoaded(() => call("GET", `${V1}/usage/history?by=${by}`), [by]);
  return html`<${Page} title="Usage" text="What your conversations have used, and how much of your plan is taken.">
    <${Loaded} of=${now}>${(usage) => html`<${Now} usage=${usage} />`}<//>
    <section class="panel" aria-labelledby="past">
      <header><h2 id="past">The last weeks</h2><${Choice} label="Shown" options=${SHOWN} value=${by} onChoose=${setBy} /></header>
      <${Loaded} of=${past} empty=${html`<${Nothing} icon=${Bars} title="Nothing was used yet" text="Say something, and it is counted here." />`}>
        ${(history) => (history.by !== by ? null : by === "day" ? html`<${Chart} days=${history.data} since=${history.since} until=${history.until} />` : html`<${Shares} totals=${history.data} currency=${history.currency} />`)}
      <//>
    </section>
  <//>`;
}

function Now({ usage }) {
  const { plan, currency, limits, today, month, storage } = usage;
  const figures = (totals) => [
    figure(sum(totals, "requests"), "request"),
    figure(sum(totals, "input_tokens") + sum(totals, "output_tokens"), "token"),
    [money(sum(totals, "cost"), currency), "cost"],
  ];
  return html`<div class="cards">
    <${Figures} title="Today" figures=${figures(today)} />
    <${Figures} title="This month" figures=${figures(month)} />
    <section class="panel"><h2>Plan “${plan}”</h2>
      ${limits.map((one) => html`<${Limit} key=${one.feature + one.metric + one.window} one=${one} currency=${currency} />`)}
      <p class="limit"><span>Files <small>${sizeInWords(storage.used_bytes)} of ${sizeInWords(storage.limit_bytes)}</small></span>
        <meter min="0" max=${storage.limit_bytes} value=${storage.used_bytes} aria-label="Files"></meter></p>
    </section>
  </div>`;
}

function Figures({ title, figures }) {
  return html`<section class="panel"><h2>${title}</h2>
    <dl class="figures">${figures.map(([value, name]) => html`<div><dd>${value}</dd><dt>${name}</dt></div>`)}</dl></section>`;
}

function Limit({ one, currency }) {
  const shown = (value) => (one.metric === "cost" ? money(value, currency) : many.format(value));
  const name = `${one.feature === "all" ? "" : `${one.feature}: `}${METRICS[one.metric] ?? one.metric} a ${one.window}`;
  return html`<p class="limit"><span>${name} <small>${shown(one.used)} of ${shown(one.limit)}, anew ${ago(one.resets_at)}</small></span>
    <meter min="0" max=${one.limit} high=${one.limit * 0.9} value=${one.used} aria-label=${name}></meter></p>`;
}

function Shares({ totals, currency }) {
  const most = Math.max(1, ...totals.map(({ input_tokens: read, output_tokens: written }) => read + written));
  return html`<ul class="rows">
    ${totals.map(
      (total) => html`<li class="row" key=${total.by}>
        <span class="row-main"><strong>${total.by}</strong><small>${counted(total.requests, "request")} · ${counted(total.input_tokens + total.output_tokens, "token")} · ${money(total.cost, currency)}</small></span>
        <meter min="0" max=${most} value=${total.input_tokens + total.output_tokens} aria-label=${`Tokens of ${total.by}`}></meter>
      </li>`,
    )}
  </ul>`;
}
