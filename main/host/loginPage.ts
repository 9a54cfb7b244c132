/** The page for signing in: no script, nothing from elsewhere, usable with a keyboard, a screen reader and a zoom of 400 %. */
import { createHash } from 'node:crypto';
import { securityHeaders } from './securityHeaders.ts';

const STYLE = `
:root { color-scheme: dark; font: 16px/1.5 system-ui, sans-serif; background: #14161a; color: #e8eaed; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { width: min(22rem, 100vw - 2rem); }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
label { display: block; margin-top: .75rem; }
input, button { width: 100%; box-sizing: border-box; font: inherit; padding: .55rem .7rem; border-radius: .4rem; margin-top: .2rem; }
input { background: #1d2026; color: inherit; border: 1px solid #7d8590; }
button { background: #2f6fde; color: #fff; border: 0; margin-top: 1.25rem; cursor: pointer; }
input:focus-visible, button:focus-visible { outline: 3px solid #8ab4f8; outline-offset: 2px; }
[role=alert] { border-left: 4px solid #ff8a80; padding: .4rem .7rem; background: #2a1f20; }
small { display: block; margin-top: 1.5rem; color: #b4bac2; }
`;
const styleHash = createHash('sha256').update(STYLE).digest('base64');

export const loginPageHeaders: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  // Without one a browser would hide where the form comes from, and the form would be refused.
  'Referrer-Policy': 'same-origin',
  'Content-Type': 'text/html; charset=utf-8',
};

/** `problem` is a sentence of ours; nothing that a visitor sent is ever shown. */
export function loginPage(problem: string | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${problem ? 'Not signed in' : 'Sign in'} – Maskloop</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Sign in to Maskloop</h1>
${problem ? `<p role="alert">${problem}</p>` : ''}
<form method="post" action="/login">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256">
<button type="submit">Sign in</button>
</form>
<small>Whoever runs this Maskloop gives out names and passwords. For research and annotation; not a cleared medical device.</small>
</main>
</body>
</html>
`;
}
