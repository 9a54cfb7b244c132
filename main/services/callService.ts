import { calls, type CallName, type Handlers } from '../contract/api.ts';
import { err, toAppError, type Result } from '../contract/errors.ts';
import { leastRoleOf } from '../contract/leastRoles.ts';
import { hasRole, type Role } from '../contract/roles.ts';

type AnyHandler = (input: unknown) => Promise<Result<unknown>>;

function isCallName(name: string): name is CallName {
  return Object.prototype.hasOwnProperty.call(calls, name);
}

/**
 * The one door between a shell and the services: `name` and `raw` come from a user interface and are checked here, and whether
 * `role` is enough.
 * Never throws; a broken assumption inside a handler becomes an `internal` error, a full disk `disk/full`.
 */
export async function callService(handlers: Handlers, name: string, raw: unknown, role: Role = 'admin'): Promise<Result<unknown>> {
  if (!isCallName(name)) return err({ code: 'contract/bad-input', issues: [`no call '${name}'`] });
  const leastRole = leastRoleOf(name, raw);
  if (!hasRole(role, leastRole)) return err({ code: 'access/denied', action: name, role, leastRole });
  const input = calls[name].input.safeParse(raw ?? {});
  if (!input.success) {
    const issues = input.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
    return err({ code: 'contract/bad-input', issues });
  }
  try {
    // The table pairs each handler with the schema that just accepted its input.
    return await (handlers[name] as AnyHandler)(input.data);
  } catch (thrown) {
    return err(toAppError(thrown));
  }
}
