import './base.css';
import './asset.css';
import './runs.css';
