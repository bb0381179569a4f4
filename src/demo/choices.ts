/** What joins the workers: the classic adapter, its sharded sister, the streams adapter, or nothing. */
export const ADAPTERS = ['redis', 'sharded', 'streams', 'none'] as const;
export type DemoAdapter = (typeof ADAPTERS)[number];

/** Which Redis to take where none is named: whatever there is, a `redis-server` on PATH, or the bundled mini-redis. */
export const REDIS_CHOICES = ['auto', 'server', 'mini'] as const;
export type RedisChoice = (typeof REDIS_CHOICES)[number];
