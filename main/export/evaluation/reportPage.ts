/** A report as one HTML file that needs nothing else: no script, no link, no font; pictures inside. */
import { escapeHtml } from './figures.ts';

/** `title` and `note` are text; `body` is HTML. */
export const reportPage = (title: string, note: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1><p class="dim">${escapeHtml(note)}</p>
${body}
</main></body></html>
`;

export const dataUrl = (pngBase64: string): string => `data:image/png;base64,${pngBase64}`;
export const tile = (name: string, value: string, note: string): string =>
  `<div class="tile"><span class="dim">${name}</span><b>${value}</b><span class="dim">${note}</span></div>`;
const rgb = (color: readonly number[]): string => `rgb(${color.map((part) => Math.round(part)).join(',')})`;
export const swatch = (color: readonly number[]): string => `<span class="swatch" style="background:${rgb(color)}"></span>`;
export const row = (cells: readonly string[], tag: 'td' | 'th' = 'td'): string =>
  `<tr>${cells.map((cell, n) => `<${tag}${n > 0 ? ' class="n"' : ''}>${cell}</${tag}>`).join('')}</tr>`;

const STYLE = `
:root{color-scheme:light dark;--fg:#1c2430;--dim:#5b6675;--bg:#fff;--card:#f4f6f9;--line:#d9dfe7;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--fg:#e6eaf0;--dim:#97a3b4;--bg:#14181f;--card:#1d232d;--line:#323b49;--bad:#ff8a80}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}h1{font-size:26px;margin:0;overflow-wrap:anywhere}h2{font-size:18px;margin:36px 0 8px}
p{margin:4px 0 10px}.dim{color:var(--dim);font-size:13px}.tiles{display:flex;flex-wrap:wrap;gap:12px;margin-top:20px}
.tile{background:var(--card);border-radius:8px;padding:12px 18px;display:flex;flex-direction:column;min-width:140px}.tile b{font-size:24px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:5px 8px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}th{font-size:12.5px;color:var(--dim);font-weight:600}
.n{text-align:right}.swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin:0 6px 0 2px;border:1px solid var(--line);vertical-align:-1px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(322px,1fr));gap:18px}figure{margin:0}
img{background:#000;border-radius:6px;display:block;max-width:100%;height:auto}figcaption{margin-top:6px;overflow-wrap:anywhere}
.flag{color:var(--bad);font-size:12px}svg{max-width:100%;height:auto}
svg text{fill:var(--fg);font-size:13px}svg .axis{fill:var(--dim);font-size:11px}svg .value{font-weight:600}.tick{stroke:var(--line)}
circle{fill-opacity:.7}.spread{stroke:var(--fg);stroke-width:2}.median{stroke:var(--fg);stroke-width:3}
@media print{main{max-width:none}figure,tr{break-inside:avoid}}`;
