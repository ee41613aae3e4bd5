import { DoorstepError } from '../../contract/errors.ts';

/** Turns the driver's failures to reach or to keep a connection into `store.unavailable`; everything else passes. */
export function storeFailure(error: unknown, isUnavailable: (error: unknown) => boolean): unknown {
  return !(error instanceof DoorstepError) && isUnavailable(error) ? new DoorstepError('store.unavailable', {}, { cause: error }) : error;
}

/** The same tables, each method with its failures turned. */
export function withFailures<T extends object>(tables: T, isUnavailable: (error: unknown) => boolean): T {
  const turned: Record<string, unknown> = {};
  for (const [name, table] of Object.entries(tables)) {
    const methods: Record<string, unknown> = {};
    for (const [method, work] of Object.entries(table as Record<string, (...args: unknown[]) => Promise<unknown>>)) {
      methods[method] = async (...args: unknown[]) => {
        try {
          return await work(...args);
        } catch (error) {
          throw storeFailure(error, isUnavailable);
        }
      };
    }
    turned[name] = methods;
  }
  return turned as T;
}
