'use strict';
// Stand-in for Electron's own default_app.asar, which packaging tools strip: loads the folder or file on the command
// line as the app. Understands what Playwright and `electron .` use: -r MODULE, --version, PATH.
const { app } = require('electron');
const fs = require('fs');
const Module = require('module');
const path = require('path');

const { appPath, preload, wantsVersion } = readArguments(process.argv.slice(1));
if (wantsVersion) {
  console.log(`v${process.versions.electron}`);
  process.exit(0);
}
if (preload.length > 0) Module._preloadModules(preload);
if (appPath === null) {
  console.error('usage: electron [-r MODULE] APP');
  process.exit(2);
}
loadApp(path.resolve(appPath));

function readArguments(args) {
  const found = { appPath: null, preload: [], wantsVersion: false };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === '-v' || arg === '--version') found.wantsVersion = true;
    else if (arg === '-r' || arg === '--require') found.preload.push(args[++index]);
    else if (arg.startsWith('--require=')) found.preload.push(arg.slice('--require='.length));
    else if (!arg.startsWith('-')) return { ...found, appPath: arg };
  }
  return found;
}

function loadApp(target) {
  Object.defineProperty(process, 'defaultApp', { configurable: false, enumerable: true, value: true });
  const manifestFile = path.join(target, 'package.json');
  const hasManifest = fs.existsSync(manifestFile);
  if (hasManifest) {
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    if (manifest.version) app.setVersion(manifest.version);
    app.name = manifest.productName || manifest.name || app.name;
  }
  const mainFile = Module._resolveFilename(target, module, true);
  app.setAppPath(hasManifest ? target : path.dirname(mainFile));
  Module._load(target, module, true);
}
