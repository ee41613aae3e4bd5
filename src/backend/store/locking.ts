/**
 * What the two dialects do differently inside a transaction: SQLite has one writer, whose transactions run one after
 * the other; PostgreSQL has many, and a row that decides something must be locked by name.
 */
export interface Locking {
  readonly rows: boolean;
}
