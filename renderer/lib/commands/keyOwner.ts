/** Which keys belong to the element that has the focus and not to a command. */

const TYPED_INTO =
  'input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=color], [type=file]), textarea, [contenteditable=""], [contenteditable=true]';
const PRESSED = 'button, summary, a[href], input, [role=button], [role=tab], [role=option], [role=menuitem], [role=checkbox]';
const MOVED = 'input[type=range], input[type=radio], [role=tab], [role=listbox], [role=option], [role=slider], [role=menuitem], [role=separator]';
const MOVES = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'];

/**
 * A button that was clicked keeps the focus, but the user has turned to the image: Space is then the command's. One that was
 * reached by keyboard is pressed by Space and Enter (`focusedByKeyboard`).
 * A list of choices looks for what is typed, and knows nothing of Ctrl.
 */
export function belongsToElement(
  target: Element,
  { key, ctrlKey, metaKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey'>,
  focusedByKeyboard: boolean,
): boolean {
  if (target.closest(`${TYPED_INTO}, dialog, [role=dialog]`)) return true;
  if (target.closest('select')) return !ctrlKey && !metaKey;
  if (MOVES.includes(key)) return target.closest(MOVED) !== null;
  if (key === 'Enter' || key === ' ') return focusedByKeyboard && target.closest(PRESSED) !== null;
  return key === 'Tab' || key === 'Escape';
}
