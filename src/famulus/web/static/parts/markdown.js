import { html, memo, signal, useEffect, useLayoutEffect, useRef } from "../app/lib.js";
import { GrowingText, highlighter, isCode, isShown, languageOf, nodesOf } from "../app/markdown.js";
import { CopyButton } from "./copy.js";

/** A text in Markdown. While it grows, only the block that is being written is drawn again. */
export function Markdown({ text, growing }) {
  const source = useRef(null);
  source.current ??= new GrowingText();
  const tokens = source.current.tokens(text, !growing).filter(isShown);
  return html`<div class="prose">${tokens.map((token, at) => html`<${Block} key=${at} token=${token} />`)}</div>`;
}

const Block = memo(({ token }) => (isCode(token) ? html`<${Code} token=${token} />` : html`<${Rich} token=${token} />`));

/** Sanitised nodes; the same source is never drawn twice, so a selection in it survives. */
function Rich({ token }) {
  const place = useRef(null);
  useLayoutEffect(() => place.current.replaceChildren(nodesOf(token)), [token.type, token.raw]);
  return html`<div class=${token.runsOn ? "block runs-on" : "block"} ref=${place}></div>`;
}

/** Code is shown as it is until the module that knows colours is there. */
const colours = signal(null);

function Code({ token }) {
  const language = languageOf(token.lang);
  useEffect(() => void (language && !colours.peek() && highlighter().then((module) => (colours.value = module))), [language]);
  const pieces = colours.value?.pieces(token.text, language) ?? [[null, token.text]];
  return html`<div class="code">
    <div class="code-head">${language}<${CopyButton} text=${token.text} /></div>
    <pre tabindex="0"><code>${pieces.map(([kind, text]) => (kind ? html`<span class="code-${kind}">${text}</span>` : text))}</code></pre>
  </div>`;
}
