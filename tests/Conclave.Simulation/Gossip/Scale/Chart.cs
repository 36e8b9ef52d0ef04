using System.Globalization;
using System.Text;

namespace Conclave.Simulation.Gossip;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Color">CSS color.</param>
/// <param name="Points">Its points by x.</param>
internal sealed record Curve(string Name, string Color, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Draws a chart over a logarithmic x axis as SVG. Knows just what the documentation needs.</summary>
internal sealed class Chart(string title, string xName, string yName)
{
    private const double Width = 760, Height = 400, Left = 70, Right = 20, Top = 50, Bottom = 60;
    private const int Steps = 5;

    public string Draw(IReadOnlyList<Curve> curves)
    {
        var all = curves.SelectMany(curve => curve.Points).ToList();
        double xMin = Math.Log10(all.Min(point => point.X)), xMax = Math.Log10(all.Max(point => point.X)), yMax = RoundUp(all.Max(point => point.Y));
        if (xMax <= xMin) xMax = xMin + 1;
        var svg = new StringBuilder();
        svg.AppendLine(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\" role=\"img\">"));
        svg.AppendLine(Text($"<title>{title}</title>"));
        svg.AppendLine(Text($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>"));
        svg.AppendLine(Text($"<text x=\"{Left}\" y=\"24\" font-size=\"16\">{title}</text>"));
        DrawGrid(svg, curves, X, Y, yMax);
        for (int i = 0; i < curves.Count; i++) DrawCurve(svg, curves[i], i, X, Y);
        svg.AppendLine("</svg>");
        return svg.ToString();

        double X(double x) => Left + (Math.Log10(x) - xMin) / (xMax - xMin) * (Width - Left - Right);

        double Y(double y) => Height - Bottom - y / yMax * (Height - Top - Bottom);
    }

    private void DrawGrid(StringBuilder svg, IReadOnlyList<Curve> curves, Func<double, double> x, Func<double, double> y, double yMax)
    {
        for (int i = 0; i <= Steps; i++)
        {
            double value = yMax * i / Steps;
            svg.AppendLine(Text($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y(value):F1}\" y2=\"{y(value):F1}\" stroke=\"#ddd\"/>"));
            svg.AppendLine(Text($"<text x=\"{Left - 8}\" y=\"{y(value) + 4:F1}\" text-anchor=\"end\">{value:0.##}</text>"));
        }
        foreach (double value in curves.SelectMany(curve => curve.Points).Select(point => point.X).Distinct().Order())
            svg.AppendLine(Text($"<text x=\"{x(value):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{value:N0}</text>"));
        svg.AppendLine(Text($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{xName}</text>"));
        svg.AppendLine(Text($"<text x=\"16\" y=\"{(Top + Height - Bottom) / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {(Top + Height - Bottom) / 2})\">{yName}</text>"));
    }

    private static void DrawCurve(StringBuilder svg, Curve curve, int number, Func<double, double> x, Func<double, double> y)
    {
        string points = string.Join(' ', curve.Points.Select(point => Text($"{x(point.X):F1},{y(point.Y):F1}")));
        svg.AppendLine(Text($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{curve.Color}\" stroke-width=\"2\"/>"));
        foreach (var (px, py) in curve.Points) svg.AppendLine(Text($"<circle cx=\"{x(px):F1}\" cy=\"{y(py):F1}\" r=\"3.5\" fill=\"{curve.Color}\"><title>{px:N0}: {py:0.##}</title></circle>"));
        svg.AppendLine(Text($"<rect x=\"{Left + 12}\" y=\"{Top + 4 + number * 20}\" width=\"12\" height=\"12\" fill=\"{curve.Color}\"/>"));
        svg.AppendLine(Text($"<text x=\"{Left + 30}\" y=\"{Top + 15 + number * 20}\">{curve.Name}</text>"));
    }

    // 1, 2, 2.5, 5 or 10 times a power of ten, so that the grid has readable numbers.
    private static double RoundUp(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(value, 1e-9))));
        foreach (double step in (ReadOnlySpan<double>)[1, 2, 2.5, 5])
            if (value <= step * power) return step * power;
        return 10 * power;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
