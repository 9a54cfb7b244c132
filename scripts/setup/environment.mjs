import { existsSync, readdirSync } from 'node:fs';

/** @returns {boolean} a window can be opened here */
export function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * Command-line switches that Electron needs on this machine, beyond none at all.
 *
 * @returns {{ switches: string[], notices: string[] }} notices: why, for the person at the terminal
 */
export function electronSwitches() {
  const switches = [];
  const notices = [];
  if (process.platform === 'linux' && process.getuid() === 0) {
    switches.push('--no-sandbox');
    notices.push("running as root, so Chromium's sandbox is off (--no-sandbox); better start as an ordinary user");
  }
  if (process.platform === 'linux' && !hasGraphicsDevice()) {
    // Without these Electron first loses a GPU process or two before it falls back by itself.
    switches.push('--use-gl=angle', '--use-angle=swiftshader', '--ignore-gpu-blocklist');
    notices.push('no graphics device found, so drawing is done by the processor (slow)');
  }
  return { switches, notices };
}

function hasGraphicsDevice() {
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}
