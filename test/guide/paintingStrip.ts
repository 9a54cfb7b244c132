/** What each tool does, side by side in one picture. */
import type { GuideWalk } from './guideWalk.ts';

const TILE = 232;

interface Shown {
  /** As its button says. */
  readonly tool: string;
  readonly caption: string;
  readonly act: (walk: GuideWalk) => Promise<void>;
  /** When the tile is taken, before `end`. */
  readonly end?: (walk: GuideWalk) => Promise<void>;
}

const ROUND = Array.from({ length: 17 }, (_, n) => [0.16 * Math.cos((n * Math.PI) / 8), 0.16 * Math.sin((n * Math.PI) / 8)] as const);
const HALF = ROUND.slice(0, 13);
const lift = (walk: GuideWalk): Promise<void> => walk.page.mouse.up();
const escape = (walk: GuideWalk): Promise<void> => walk.keys('Escape');
const corners = async (walk: GuideWalk): Promise<void> => {
  for (const [across, down] of [
    [-0.16, -0.12],
    [0.1, -0.16],
    [0.16, 0.1],
    [-0.1, 0.14],
  ] as const)
    await walk.click(across, down);
};

/** Each begins with the disc that was painted before. */
const TOOLS: readonly Shown[] = [
  {
    tool: 'Brush',
    caption: 'Brush: paint where you drag',
    act: (walk) =>
      walk.drag(
        [
          [-0.2, 0.12],
          [0.2, 0.12],
        ],
        false,
      ),
    end: lift,
  },
  {
    tool: 'Eraser',
    caption: 'Eraser: take away where you drag',
    act: (walk) =>
      walk.drag(
        [
          [-0.2, 0],
          [0, 0],
        ],
        false,
      ),
    end: lift,
  },
  {
    tool: 'Push',
    caption: 'Push: move the edge with the rim of the brush',
    act: (walk) =>
      walk.drag(
        [
          [0, 0],
          [0.1, -0.08],
        ],
        false,
      ),
    end: lift,
  },
  { tool: 'Lasso', caption: 'Lasso: draw round it', act: (walk) => walk.drag(HALF, false), end: lift },
  { tool: 'Polygon', caption: 'Polygon: click corners, Enter closes', act: corners, end: escape },
  {
    tool: 'Rectangle',
    caption: 'Rectangle: from corner to corner',
    act: (walk) =>
      walk.drag(
        [
          [-0.18, -0.12],
          [0.18, 0.14],
        ],
        false,
      ),
    end: lift,
  },
  { tool: 'Contour', caption: 'Contour: click points, drag them, Enter applies', act: corners, end: escape },
  { tool: 'Region', caption: 'Region: grow over like grey values', act: (walk) => walk.click(-0.14, 0) },
];

/** Of the open case, after a step that was taken back; its mask is as it was afterwards. Its axial plane should be shown alone, and large. */
export async function paintingStrip(walk: GuideWalk): Promise<Buffer> {
  const tiles: { caption: string; data: string }[] = [];
  for (const { tool, caption, act, end } of TOOLS) {
    await walk.press(tool);
    await act(walk);
    await walk.page.waitForTimeout(600);
    tiles.push({ caption, data: (await tile(walk)).toString('base64') });
    await end?.(walk);
    await walk.page.waitForTimeout(300);
    // a new step leaves none to be done again
    if (await walk.button('Redo').isDisabled()) await walk.keys('Control+z');
  }
  return compose(walk, tiles);
}

async function tile(walk: GuideWalk): Promise<Buffer> {
  const [x, y] = await walk.at(0, 0);
  const { width, height } = (await walk.page.getByTestId('plane-axial').boundingBox())!;
  const side = Math.min(width, height) * 0.52;
  return walk.page.screenshot({ clip: { x: x - side / 2, y: y - side / 2, width: side, height: side } });
}

async function compose(walk: GuideWalk, tiles: readonly { caption: string; data: string }[]): Promise<Buffer> {
  const page = await walk.page.context().newPage();
  const figures = tiles
    .map(
      ({ caption, data }) =>
        `<figure><img width="${TILE}" height="${TILE}" src="data:image/png;base64,${data}" alt=""><figcaption>${caption}</figcaption></figure>`,
    )
    .join('');
  const style = `body{margin:0;padding:12px;background:#14171a;color:#dfe5ea;font:14px system-ui;display:grid;grid-template-columns:repeat(4,${TILE}px);gap:12px;width:max-content}figure{margin:0}figcaption{padding:6px 2px 0;line-height:1.3}`;
  await page.setContent(`<!doctype html><style>${style}</style>${figures}`);
  const png = await page.locator('body').screenshot();
  await page.close();
  return png;
}
