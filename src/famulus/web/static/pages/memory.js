import { html } from "../app/lib.js";
import { Page } from "../parts/page.js";
export default function Memory() { return html`<${Page} title="Memory"><//>`; }
