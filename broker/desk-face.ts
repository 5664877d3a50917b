// A desk as the HTTP app asks it, over what its host does around it. Knows no home and no route.
import type { DeskLife } from '../src/desk-life.ts'
import type { DeskFace, PoolFace } from '../src/http/house.ts'
import type { PoolLife } from '../src/pool-life.ts'

export function deskFace(life: DeskLife): DeskFace {
  const { steps } = life
  return {
    create: (tenant) => life.create(tenant),
    read: async () => steps.read(),
    me: async (hash) => steps.me(hash),
    barred: async (offer) => (await steps.barred(offer)).refusal,
    usage: async (ask) => steps.usage(ask),
    change: (change) => life.change(change),
    preview: async (change) => steps.preview(change),
    keys: async () => steps.keys(),
    addKey: async (key, hash) => steps.addKey(key, hash),
    changeKey: async (id, change) => steps.changeKey(id, change),
    previewKey: async (id, change) => steps.previewKey(id, change),
    revokeKey: (id, graceMs) => life.revokeKey(id, graceMs),
    rotateKey: (id, fresh, hash, graceMs) => life.rotateKey(id, fresh, hash, graceMs),
    calls: async (limit, before) => steps.calls(limit, before),
    audit: async (limit, before) => steps.audit(limit, before),
    resume: () => life.resume(),
    queueReading: async () => steps.queueReading(),
    removeCaller: (call) => life.removeCaller(call),
    sounds: async () => steps.sounds(),
    sound: async (id, format) => steps.sound(id, format),
    upload: async (upload, sound) => steps.upload(upload, sound),
    discard: async (id) => steps.discard(id),
    hooks: async () => steps.mail.hooks(),
    addHook: async (hook) => steps.mail.addHook(hook),
    changeHook: async (id, change) => steps.mail.changeHook(id, change),
    rotateHook: async (id, secret, graceMs) => steps.mail.rotateHook(id, secret, graceMs),
    removeHook: async (id) => steps.mail.removeHook(id),
    testHook: (hook, tenant, id) => life.testHook(hook, tenant, id),
  }
}

export function poolFace(life: PoolLife): PoolFace {
  const { steps } = life
  return {
    read: async () => steps.read(),
    preview: async (change) => steps.preview(change),
    change: (change) => life.change(change),
    series: async () => steps.series(),
  }
}
