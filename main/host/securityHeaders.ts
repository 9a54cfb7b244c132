/**
 * Headers of every answer, the same under `app://` and `http://127.0.0.1`. Nothing from outside may load, no eval, no
 * frame around us. Decoding happens in Node, so WebAssembly needs no permission. Cornerstone and Svelte set inline
 * styles, hence `'unsafe-inline'` for styles only.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  // Both together make the page cross-origin isolated (SharedArrayBuffer for the viewer's workers).
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // A page on another port of 127.0.0.1 counts as "same site": this keeps it from embedding our bytes.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': ['camera', 'microphone', 'geolocation', 'usb', 'serial', 'hid', 'midi', 'display-capture', 'payment']
    .map((name) => `${name}=()`)
    .join(', '),
  'Cache-Control': 'no-store',
};
