/** Strokes of a ball-shaped brush over the axial plane: what a move costs our code and until it is drawn, what undo keeps, how long a save takes. */
const STEPS = 40;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Milliseconds of moves of 8 pixels while the button is down: until our listener is done, and until the second picture after it. */
async function stroke(page, { x, y }) {
  await page.mouse.move(x, y);
  await page.mouse.down();
  const times = await page.evaluate(
    async ({ x, y, steps }) => {
      const element = document.elementFromPoint(x, y);
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const times = [];
      for (let n = 1; n <= steps; n++) {
        const at = {
          clientX: x + 8 * n,
          clientY: y + 20 * Math.sin(n / 4),
          pointerId: 1,
          isPrimary: true,
          pointerType: 'mouse',
          buttons: 1,
          bubbles: true,
          cancelable: true,
        };
        const start = performance.now();
        element.dispatchEvent(new PointerEvent('pointermove', at));
        const ours = performance.now() - start;
        await frame();
        await frame();
        times.push([ours, performance.now() - start]);
      }
      return times;
    },
    { x, y, steps: STEPS },
  );
  await page.mouse.up();
  return { ours: times.map(([ours]) => ours), drawn: times.map(([, drawn]) => drawn) };
}

/** Prints a row for each radius. The first stroke warms up. */
export async function measureBrush(page, drawWith) {
  const box = await page.getByTestId('plane-axial').boundingBox();
  const from = (down) => ({ x: box.x + 0.25 * box.width, y: box.y + down * box.height });
  await page.keyboard.press('b');
  await page.getByLabel('Shape of the brush').selectOption('sphere');
  for (const radiusMm of [10, 25]) {
    await page.getByLabel('Brush radius in mm').fill(String(radiusMm));
    await stroke(page, from(0.4));
    const { ours, drawn } = await stroke(page, from(0.6));
    const ms = (value) => value.toFixed(1);
    console.log(`| ${drawWith} | sphere of ${radiusMm} mm | ${ms(median(ours))} ms | ${ms(Math.max(...ours))} ms | ${median(drawn).toFixed(0)} ms |`);
  }
}

/** Strokes of 10 mm right across, one after the other. Returns the megabytes by which the page grew. */
export async function measureUndo(page, readMemory, stepCount) {
  const box = await page.getByTestId('plane-axial').boundingBox();
  await page.getByLabel('Brush radius in mm').fill('10');
  const before = await readMemory();
  for (let n = 0; n < stepCount; n++) {
    const y = box.y + (0.3 + (0.4 * n) / stepCount) * box.height;
    await page.mouse.move(box.x + 0.25 * box.width, y);
    await page.mouse.down();
    for (let step = 1; step <= 5; step++) await page.mouse.move(box.x + (0.25 + 0.1 * step) * box.width, y);
    await page.mouse.up();
  }
  const after = await readMemory();
  return { heap: after.heap - before.heap, arrays: after.arrays - before.arrays, page: after.page - before.page };
}

/** Seconds from the shortcut until the mask is a revision. */
export async function measureSave(page) {
  const start = performance.now();
  await page.keyboard.press('Control+s');
  await page.locator('[data-testid=viewer][data-dirty=false]').waitFor({ timeout: 300_000 });
  return (performance.now() - start) / 1000;
}
