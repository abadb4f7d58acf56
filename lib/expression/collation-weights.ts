/**
 * Weights of the characters of collations in which each character has one, as WEIGHT_STRING of both servers (MySQL 9.7, MariaDB
 * 10.11) shows them, where they are not the character's own code. In base 36: `first[+-=]count:weight`: `+` one behind the
 * other with weights that grow alike, `-` every second one, `=` all with one weight.
 */
export const GENERAL_WEIGHTS = `
  2p+q:1t 51:po 5c=6:1t 5j-2:1v 5k:1x 5m=2:1x 5o=4:21 5t+2:26 5v=4:27 61=4:2d 65:2h 67:2b 68=6:1t 6e:5i
  6f-2:1v 6g:1x 6i=2:1x 6k=4:21 6o:5s 6p+2:26 6r=4:27 6w:60 6x=4:2d 71:2h 72:66 73:2h 74=6:1t 7a=8:1v 7i=2:1w
  7l:7k 7m=a:1x 7w=8:1z 84=2:20 87:86 88=a:21 8j:8i 8k=2:22 8m=2:23 8p=6:24 8w-2:8v 8z=6:26 97:96 98=6:27
  9f:9e 9g=6:2a 9m=8:2b 9u=4:2c 9z:9y a0=c:2d ac-2:2f ad-2:2f ag+2:2h ai=5:2i an:2b ar-2:aq aw:av b0:az b6:b5
  b9:dy bd:bc bk=2:27 bn-2:bm bs:br bx:bw bz=2:2d c4-2:c3 c9:c8 cd:cc cf:dz cl=2:ck co=2:cn cr=2:cq ct=2:1t
  cv=2:21 cx=2:27 cz=a:2d d9:b2 da=4:1t de=2:5i dh:dg di=2:1z dk=2:23 dm=4:27 dq=2:c7 ds:22 du=2:dt dw=2:1z
  e0=2:26 e2=2:1t e4=2:5i e6=2:60 e8=4:1t ec=4:1x eg=4:21 ek=4:27 eo=4:2a es=4:2d ew=2:2b ey=2:2c f1:f0
  f2=2:20 f7-2:f6 fa=2:1t fc=2:1x fe=8:27 fm=2:2h gj:ap gk:au gm+2:ax gp:b3 gr:b4 gw:b7 gz:b8 h4:bb h5:ba
  hb:bg he:bh hh:bj hs:bq hv:bt i0:by i2+2:c1 ia:c7 n9:pl p2:pd p4:ph p5:pj p6:pl p8:pr pa:px pb:q1 pc:pl
  q2:pl q3:px q4:pd q5:ph q6:pj q7:pl q8:px q9+h:pd qq=2:pv qs+6:pw qy:pl qz:px r0:pr r1:px r2:q1 r4:pe r5:pk
  r7=2:r6 r9:py ra:ps rf-b:re s0:pm s1:pt s2:pv sg=2:t1 sj:sz sn:sm ss:t6 st:t4 su:tf ts+w:sw uo=2:t1 uq-5:si
  ur:sz ut:sl uv:sm ux-2:sp v0:t6 v1:t4 v2:tf v3:sv v5-b:v4 vq=2:vo vt-5:vs wd-q:wc xt=2:t2 xw:xv y0:xz y4:y3
  y8=4:sw yd:yc ye=2:t1 yh=3:yg yk=2:t2 ym=2:t3 yp:yo yq=4:t4 yu=2:ta yx=3:yw z0=2:tp z2=6:tf z8=2:tj zc=2:tn
  129+12:10x 5xc=2:1t 5xe=6:1u 5xk=2:1v 5xm=a:1w 5xw=a:1x 5y6=2:1y 5y8=2:1z 5ya=a:20 5yk=4:21 5yo=6:23
  5yu=8:24 5z2=6:25 5z8=8:26 5zg=8:27 5zo=4:28 5zs=8:2a 600=a:2b 60a=8:2c 60i=a:2d 60s=4:2e 60w=a:2f 616=4:2g
  61a=2:2h 61c=6:2i 61i:20 61j:2c 61k:2f 61l:2h 61n:2b 61s=o:1t 62g=g:1x 62w=4:21 630=o:27 63o=e:2d 642=8:2h
  64g=g:pd 64w=6:ph 654=6:ph 65c=g:pj 65s=g:pl 668=6:pr 66g=6:pr 66o=8:px 66x:px 66z:px 671:px 673:px 674=g:q1
  67k:pd 67l:69n 67m-3:ph 67n-2:6a1 67r:6aj 67s:pr 67t:6bd 67u:px 67v:6az 67w:q1 67x:6bf 680=g:pd 68g=g:pj
  68w=g:q1 69c=5:pd 69i=5:pd 69o:pd 69q:pl 69u=3:pj 69y=2:pj 6a0-2:ph 6a4:pj 6a8=3:pl 6ae=5:pl 6ao=3:px
  6as=2:pt 6au=5:px 6b0:pt 6b6=3:q1 6ba=2:q1 6bc:pr 6be:q1 6bg:q1 6ls+g:6lc 79s+q:792 1ef5+q:1ee9`

/** By the bytes of latin1. */
export const LATIN1_WEIGHTS: Readonly<Record<string, string>> = {
  latin1_swedish_ci: `
  2p+q:1t 5c=4:1t 5g:2k 5h+2:2j 5j-2:1v 5k:1x 5m=2:1x 5o=4:21 5s:1w 5t+2:26 5v=3:27 5y:2l 61=3:2d 64=2:2h
  68=4:1t 6c:2k 6d+2:2j 6f-2:1v 6g:1x 6i=2:1x 6k=4:21 6o:1w 6p+2:26 6r=3:27 6u:2l 6w:60 6x=3:2d 70=2:2h 72:66`,
  latin1_general_ci: `
  1u:29 1v:2b 1w:2f 1x:2j 1y:2t 1z:2v 20:2x 21:2z 22:39 23:3b 24:3d 25:3f 26:3h 27:3l 28:3z 29:41 2a:43 2b:45
  2c:48 2d:4a 2e:4k 2f:4m 2g:4o 2h:4q 2i:4v 2j+6:4z 2p:1t 2q:29 2r:2b 2s:2f 2t:2j 2u:2t 2w:2x 2x:2z 2y:39
  2z:3b 30:3d 31:3f 32:3h 33:3l 34:3z 35:41 36:43 37:45 38:48 39:4a 3a:4k 3b:4m 3c:4o 3d:4q 3e:4v 3f+4:55
  3j+1t:5b 5c:1v 5d:1x 5e:1z 5f:21 5g:23 5h:25 5i:27 5j:2d 5k:2l 5l:2n 5m:2p 5n:2r 5o:31 5p:33 5q:35 5r:37
  5s:2h 5t:3j 5u:3n 5v:3p 5w:3r 5x:3t 5y-2:3v 5z:59 61:4c 62:4e 63:4g 64:4i 65:4s 66:4x 67:47 68:1v 69:1x
  6a:1z 6b:21 6c:23 6d:25 6e:27 6f:2d 6g:2l 6h:2n 6i:2p 6j:2r 6k:31 6l:33 6m:35 6n:37 6o:2h 6p:3j 6q:3n 6r:3p
  6s:3r 6t:3t 6u-2:3v 6v:5a 6x:4c 6y:4e 6z:4g 70:4i 71-2:4s 72:4x`,
  latin1_general_cs: `
  1u:29 1v:2b 1w:2f 1x:2j 1y:2t 1z:2v 20:2x 21:2z 22:39 23:3b 24:3d 25:3f 26:3h 27:3l 28:3z 29:41 2a:43 2b:45
  2c:48 2d:4a 2e:4k 2f:4m 2g:4o 2h:4q 2i:4v 2j+6:4z 2p:1u 2q:2a 2r:2c 2s:2g 2t:2k 2v:2w 2w:2y 2x:30 2y:3a
  2z:3c 30:3e 31:3g 32:3i 33:3m 34:40 35:42 36:44 37:46 38:49 39:4b 3a:4l 3b:4n 3c:4p 3d:4r 3e:4w 3f+4:55
  3j+1t:5b 5c:1v 5d:1x 5e:1z 5f:21 5g:23 5h:25 5i:27 5j:2d 5k:2l 5l:2n 5m:2p 5n:2r 5o:31 5p:33 5q:35 5r:37
  5s:2h 5t:3j 5u:3n 5v:3p 5w:3r 5x:3t 5y-2:3v 5z:59 61:4c 62:4e 63:4g 64:4i 65:4s 66:4x 67:47 68:1w 69:1y
  6a:20 6b:22 6c:24 6d:26 6e:28 6f:2e 6g:2m 6h:2o 6i:2q 6j:2s 6k:32 6l:34 6m:36 6n:38 6o:2i 6p:3k 6q:3o 6r:3q
  6s:3s 6t:3u 6u-2:3w 6v:5a 6x:4d 6y:4f 6z:4h 70:4j 71:4t 72:4y 73:4u`,
  latin1_german1_ci: `
  2p+q:1t 5c=7:1t 5j-2:1v 5k:1x 5m=2:1x 5o=4:21 5t+2:26 5v=4:27 60:27 61=4:2d 65:2h 67:2b 68=7:1t 6f-2:1v
  6g:1x 6i=2:1x 6k=4:21 6o:5s 6p+2:26 6r=4:27 6w:27 6x=4:2d 71:2h 72:66`,
  latin1_danish_ci: `
  2p+q:1t 5c=4:1t 5g:2j 5h:2l 5i:2j 5j-2:1v 5k:1x 5m=2:1x 5o=4:21 5s:1w 5t+2:26 5v=3:27 5y:2k 60:2k 61=3:2d
  64=2:2h 68=4:1t 6c:2j 6d:2l 6e:2j 6f-2:1v 6g:1x 6i=2:1x 6k=4:21 6o:1w 6p+2:26 6r=3:27 6u:2k 6w:2k 6x=3:2d
  70=2:2h 72:66`,
  latin1_spanish_ci: `
  1u:29 1v:2b 1w:2f 1x:2j 1y:2t 1z:2v 20:2x 21:2z 22:39 23:3b 24:3d 25:3f 26:3h 27:3l 28:3z 29:41 2a:43 2b:45
  2c:48 2d:4a 2e:4k 2f:4m 2g:4o 2h:4q 2i:4v 2j+6:4z 2p:1t 2q:29 2r:2b 2s:2f 2t:2j 2u:2t 2w:2x 2x:2z 2y:39
  2z:3b 30:3d 31:3f 32:3h 33:3l 34:3z 35:41 36:43 37:45 38:48 39:4a 3a:4k 3b:4m 3c:4o 3d:4q 3e:4v 3f+4:55
  3j+1t:5b 5c=7:1t 5j:2b 5k=4:2j 5o=4:2z 5s:2f 5t-2:3j 5u:3l 5w=3:3l 5z:59 60:3l 61=4:4a 65:4q 66:4x 67:47
  68=7:1t 6f:2b 6g=4:2j 6k=4:2z 6o:2f 6p-2:3j 6q:3l 6s=3:3l 6v:5a 6w:3l 6x=4:4a 71:4q 72:4x 73:4q`,
}
