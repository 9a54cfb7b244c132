import { describe, expect, it } from 'vitest';
import { Interrupt } from './interrupt.ts';

function rig() {
  const log: string[] = [];
  const clock = { nowMs: 0 };
  const interrupt = new Interrupt(
    () => log.push('leave'),
    () => clock.nowMs,
  );
  return { log, clock, interrupt };
}

describe('Interrupt', () => {
  it('asks first and leaves on the second press', () => {
    const { log, clock, interrupt } = rig();
    interrupt.guard(() => log.push('stop'));
    interrupt.press();
    clock.nowMs = 1000;
    interrupt.press();
    expect(log).toEqual(['stop', 'leave']);
  });

  it('takes a signal that npm passes on for the same press', () => {
    const { log, clock, interrupt } = rig();
    interrupt.guard(() => log.push('stop'));
    interrupt.press();
    clock.nowMs = 20;
    interrupt.press();
    expect(log).toEqual(['stop']);
  });

  it('leaves at once when nothing runs', () => {
    const { log, interrupt } = rig();
    interrupt.guard(() => log.push('stop'))();
    interrupt.press();
    expect(log).toEqual(['leave']);
  });
});
