# The display number `wanted` of the section EXAMPLES, as a reader sees it; exit code 1 where the source would not render as itself:
# what must be written \- \(aq \(ha \(ti \(ga \e, and lines too long for a terminal of 80 columns.
/^\.Sh / { inside = $2 == "EXAMPLES" }
inside && /^\.Bd -literal$/ { display++; literal = 1; next }
/^\.Ed/ { literal = 0 }
inside && literal && display == wanted {
    line = $0
    gsub(/\\-|\\\(aq|\\\(ha|\\\(ti|\\\(ga|\\e|\\&/, "", line)
    if (line ~ /[-\047^~`\\]/) { print FILENAME ":" FNR ": not escaped: " line > "/dev/stderr"; bad = 1 }
    gsub(/\\&/, "")
    gsub(/\\-/, "-")
    gsub(/\\\(aq/, "\047")
    gsub(/\\\(ha/, "^")
    gsub(/\\\(ti/, "~")
    gsub(/\\\(ga/, "`")
    gsub(/\\e/, "\\")
    if (length($0) > 73) { print FILENAME ":" FNR ": " length($0) " columns, 73 are there" > "/dev/stderr"; bad = 1 }
    print
}
END { exit bad }
