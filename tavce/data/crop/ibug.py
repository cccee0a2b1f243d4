"""Which of MediaPipe's 478 face mesh points stand for the 68 iBUG points.

Every iBUG point is the mesh vertex that lies nearest to its place along the same facial line: jaw and lips by equal
parts of arc length, eyes and brows by anatomy. Left and right are those of the image, as iBUG counts them:

- 0 to 16 the jaw, from the left of the image over the chin (8) to the right;
- 17 to 21 and 22 to 26 the brows, 27 to 30 the bridge of the nose, 31 to 35 its base;
- 36 to 41 the left eye from its outer corner, 42 to 47 the right eye from its inner corner, both clockwise;
- 48 to 59 the outer and 60 to 67 the inner lips, both clockwise from the left corner.

The mesh's jaw line lies a little inside the silhouette on a turned head, where iBUG follows the silhouette.
"""

# fmt: off
MEDIAPIPE_OF_IBUG = (
    127, 234, 93, 132, 58, 136, 149, 148, 152, 377, 378, 365, 288, 361, 323, 454, 356,  # 0-16 jaw
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # 17-26 brows
    168, 197, 5, 4, 98, 97, 2, 326, 327,  # 27-35 nose
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # 36-47 eyes
    61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91,  # 48-59 outer lips
    78, 81, 13, 311, 308, 402, 14, 178,  # 60-67 inner lips
)
# fmt: on
