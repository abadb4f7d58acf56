/** What master.info says; every part may be missing, since operators write it by hand. */
export interface SavedPosition {
  readonly binName: string | null
  readonly binPos: number | null
  readonly gtidSet: string | null
  readonly serverUuid: string | null
}
