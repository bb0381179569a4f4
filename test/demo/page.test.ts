import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWelcome } from '../../src/demo/page.ts';

describe('isWelcome', () => {
  it('lets in the page itself and clients that are no browser', () => {
    assert.equal(isWelcome({ host: '127.0.0.1:3000' }, true), true);
    assert.equal(isWelcome({ host: 'localhost:3000', origin: 'http://localhost:3000' }, true), true);
    assert.equal(isWelcome({ host: '[::1]:3000', origin: 'http://[::1]:3000' }, true), true);
  });

  it('keeps out pages of other sites, and names that only point here', () => {
    assert.equal(isWelcome({ host: '127.0.0.1:3000', origin: 'https://evil.example' }, true), false);
    assert.equal(isWelcome({ host: '127.0.0.1:3000', origin: 'http://127.0.0.1:4000' }, true), false);
    assert.equal(
      isWelcome({ host: 'rebound.example:3000', origin: 'http://rebound.example:3000' }, true),
      false,
    );
    assert.equal(isWelcome({ host: '127.0.0.1.evil.example' }, true), false);
    assert.equal(isWelcome({}, true), false);
  });

  it('leaves the choice to whoever listens beyond loopback', () => {
    assert.equal(isWelcome({ host: 'box.lan:3000', origin: 'http://box.lan:3000' }, false), true);
  });
});
