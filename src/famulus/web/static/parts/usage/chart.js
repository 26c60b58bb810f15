// Tokens by day; those written stand on top of those read.
import { html, useMemo } from "../../app/lib.js";
import { Plot, timesOf } from "../plot.js";

export function Chart({ days, since, until }) {
  const [times, lines] = useMemo(() => {
    const known = new Map(days.map((day) => [Date.parse(`${day.by}T00:00:00Z`) / 1_000, day]));
    const all = timesOf(since, until);
    const read = all.map((at) => known.get(at)?.input_tokens ?? 0);
    const whole = all.map((at, index) => read[index] + (known.get(at)?.output_tokens ?? 0));
    return [all, [
      { label: "Tokens", colour: "--accent", values: whole, bars: true },
      { label: "of them read", colour: "--blue", values: read, bars: true },
    ]];
  }, [days]);
  return html`<${Plot} caption="Tokens by day" times=${times} lines=${lines} />`;
}
