// @vouch/client: the wire and WebRTC of Vouch's pages, without any screen. What a page of another maker would embed.
//
//   const connection = new Connection<CallerView, FromCaller>({ namespace: "/caller", ticket });
//   const media = new Media();            await media.start();
//   connection.start();                   await connection.press("call.ready", { consent_version });
//   const relays = new Relays(() => connection.press("media.servers", {}));
//   const link = new PeerLink({ relays, media, offer: (sdp) => connection.press("media.offer", { sdp }), presented });
//   link.show(videoElement);              link.update(linkViewOf(...)) after every view
//
// `connection.state`, `media.state` and `link.state` are stores for useSyncExternalStore(state.subscribe, state.get).

export { applyChanges } from "./changes";
export type { Change } from "./changes";
export { Connection, Refused } from "./connection";
export type { AnswerTo, ConnectionOptions, ConnectionState, PressName, ReportName, Status, Versioned } from "./connection";
export { chosenLanguage, firstLanguage, LANGUAGES, rememberLanguage } from "./language";
export type { Language } from "./language";
export { askBeforeLeaving } from "./leaving";
export { Media } from "./media";
export type { Choice, Facing, TrackKind } from "./devices";
export { reasonOf } from "./interruption";
export type { Interruption } from "./interruption-watch";
export type { MediaPhase, MediaState } from "./media";
export { browserOf, kindOf, sentenceKeys } from "./media-problems";
export type { Browser, MediaProblem, MediaProblemKind } from "./media-problems";
export * from "./messages";
export { linkView } from "./link-view";
export { PeerLink } from "./peer-link";
export type { LinkState, LinkView, PeerLinkOptions } from "./peer-link";
export type { Quality } from "./quality";
export type { Step } from "./sending";
export { Relays } from "./relays";
export { LevelMeter } from "./seen";
export { Store } from "./store";
