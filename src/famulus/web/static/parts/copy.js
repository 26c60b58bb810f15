import { copyText } from "../app/clipboard.js";
import { html, useState } from "../app/lib.js";

export function CopyButton({ text, label = "Copy" }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return html`<button type="button" class="quiet" onClick=${copy}>${copied ? "Copied" : label}</button>`;
}
